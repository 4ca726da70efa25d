"""The program: its options and its table of commands."""

from importlib.metadata import version
from typing import Annotated

import typer

from npu_hal.api import API_VERSION
from npu_hal.cli.commands import CommandTable


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"npu-hal {version('npu-hal')} (driver interface {API_VERSION})")
        raise typer.Exit


app = typer.Typer(
    name="npu-hal",
    cls=CommandTable,
    no_args_is_help=True,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def program(
    print_version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit."),
    ] = False,
) -> None:
    """Run neural networks on NPUs, through the drivers that are installed.

    TEFLON_DRIVER and TEFLON_DEVICE name the driver and device where no option does; TEFLON_DEBUG=verbose tells what
    is going on.
    """
