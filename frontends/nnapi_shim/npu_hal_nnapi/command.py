"""The command `npu-hal nnapi-path`."""

import typer

from npu_hal_nnapi.library import library_folder


def nnapi_path() -> None:
    """Print the folder of libneuralnetworks.so, for LD_LIBRARY_PATH."""
    typer.echo(library_folder())
