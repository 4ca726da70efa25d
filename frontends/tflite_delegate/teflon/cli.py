"""``npu-hal delegate-path``: where libteflon.so is."""

import json
from typing import Annotated

import typer

from teflon.library import library_path


def delegate_path(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Print the path of libteflon.so, for load_delegate() and other programs that load TensorFlow Lite delegates."""
    path = str(library_path())
    typer.echo(json.dumps({"path": path}) if as_json else path)
