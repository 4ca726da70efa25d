"""Which commands there are: this package's own, and those that other distributions add.

A distribution adds a command by an entry point of the group `npu_hal.cli`. Its name is the command's; it refers to a
function with typer's annotations, or to a `typer.Typer` for a command with subcommands::

    [project.entry-points."npu_hal.cli"]
    calibrate = "mychip_npu.cli:calibrate"

Commands are loaded when they are needed, so that one that is slow to import, or broken, does not hold up the others.
"""

import importlib
import os
import sys
from importlib.metadata import EntryPoint, entry_points
from typing import Any, cast

import typer
import typer.core
import typer.main

from npu_hal.api import NpuHalError
from npu_hal.cli.exit_codes import INTERRUPTED, READER_GONE

COMMAND_GROUP = "npu_hal.cli"

# Name to module and function.
OWN_COMMANDS = {
    "compile": ("npu_hal.cli.compile", "compile_model"),
    "devices": ("npu_hal.cli.devices", "devices"),
    "run": ("npu_hal.cli.run", "run"),
    "bench": ("npu_hal.cli.bench", "bench"),
    "inspect": ("npu_hal.cli.inspect", "inspect"),
    "doctor": ("npu_hal.cli.doctor", "doctor"),
    "conformance": ("npu_hal.cli.conformance", "conformance"),
    "replay": ("npu_hal.cli.replay", "replay_trace"),
}

Command = typer.core.TyperCommand | typer.core.TyperGroup


class CommandTable(typer.core.TyperGroup):
    """The commands, found by name when they are asked for."""

    # Contexts are click's, which some versions of typer bring along under another name.
    def list_commands(self, ctx: Any) -> list[str]:
        """All names: this package's commands in their order, then the added ones."""
        added = sorted(point.name for point in entry_points(group=COMMAND_GROUP) if point.name not in OWN_COMMANDS)
        return [*OWN_COMMANDS, *dict.fromkeys(added)]

    def get_command(self, ctx: Any, cmd_name: str) -> Command | None:
        """The command of that name; one that cannot be loaded says so when it is run."""
        if cmd_name in OWN_COMMANDS:
            module, function = OWN_COMMANDS[cmd_name]
            return _as_command(cmd_name, getattr(importlib.import_module(module), function))
        for point in entry_points(group=COMMAND_GROUP, name=cmd_name):
            return _load(point)
        return None

    def invoke(self, ctx: Any) -> Any:
        """Run the command; being interrupted, or left by a reader, ends the program without further words."""
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()
        except KeyboardInterrupt:
            raise typer.Exit(INTERRUPTED) from None
        except BrokenPipeError:
            _forget_stdout()
            raise typer.Exit(READER_GONE) from None
        return result


def _load(point: EntryPoint) -> Command:
    try:
        return _as_command(point.name, point.load())
    # A foreign module may fail in any way; --help and the other commands are to work all the same.
    except Exception as error:
        owner = f"{point.dist.name} {point.dist.version}" if point.dist is not None else "an unknown distribution"
        return _broken(point.name, f"command {point.name!r} of {owner} could not be loaded: {error!r}")


def _as_command(name: str, implementation: object) -> Command:
    if isinstance(implementation, typer.Typer):
        app = implementation
    elif callable(implementation):
        app = _app()
        app.command(name)(implementation)
    else:
        raise TypeError(f"{implementation!r} is neither a function nor a typer.Typer")
    command = cast(Command, typer.main.get_command(app))
    command.name = name
    return command


def _broken(name: str, sentence: str) -> Command:
    def fail() -> None:
        raise NpuHalError(sentence)

    app = _app()
    settings = {"ignore_unknown_options": True, "allow_extra_args": True}
    app.command(name, help=f"Not usable: {sentence}", context_settings=settings)(fail)
    return cast(Command, typer.main.get_command(app))


def _app() -> typer.Typer:
    return typer.Typer(add_completion=False, rich_markup_mode=None)


def _forget_stdout() -> None:
    """Send what is still buffered nowhere, so that the interpreter's own flush at exit does not fail again."""
    devnull = os.open(os.devnull, os.O_WRONLY)
    os.dup2(devnull, sys.stdout.fileno())
    os.close(devnull)
