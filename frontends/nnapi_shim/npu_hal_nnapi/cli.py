"""``npu-hal nnapi-path``: where libneuralnetworks.so is."""

import json
from typing import Annotated

import typer

from npu_hal_nnapi.library import library_folder


def nnapi_path(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Print the folder of libneuralnetworks.so, for LD_LIBRARY_PATH of programs that use NNAPI."""
    folder = str(library_folder())
    typer.echo(json.dumps({"folder": folder}) if as_json else folder)
