"""The program's own options, and commands that other distributions add."""

from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

from npu_hal.api import API_VERSION

from .conftest import CommandLine

Install = Callable[[str, str, str], Path]

COMMANDS = """
import typer
from npu_hal.api import DeviceLost

def calibrate(strength: int = 1) -> None:
    "Calibrate the chip."
    if strength > 9:
        raise DeviceLost("the chip is gone")
    typer.echo(f"calibrated with {strength}")

memory = typer.Typer(help="Look at memory.")

@memory.callback()
def _memory() -> None:
    pass

@memory.command()
def dump() -> None:
    typer.echo("dumped")
"""
ENTRY_POINTS = """[npu_hal.cli]
calibrate = mychip_commands:calibrate
memory = mychip_commands:memory
number = mychip_commands:typer.__name__
gone = no_such_module_at_all:command
devices = mychip_commands:calibrate
"""


def test_version(command: CommandLine) -> None:
    finished = command("--version")
    assert (finished.code, finished.err) == (0, "")
    assert finished.out == f"npu-hal {version('npu-hal')} (driver interface {API_VERSION})\n"


def test_help_of_every_command(command: CommandLine) -> None:
    for name in ("devices", "run"):
        finished = command(name, "--help")
        assert finished.code == 0
        assert f"npu-hal {name}" in finished.out
        assert "--json" in finished.out


def test_added_commands_are_listed_and_run(program: CommandLine, distribution: Install) -> None:
    path = str(distribution(ENTRY_POINTS, "mychip_commands", COMMANDS))
    listed = program("--help", PYTHONPATH=path)
    assert listed.code == 0
    assert "Calibrate the chip." in listed.out
    assert "Look at memory." in listed.out
    assert program("calibrate", "--strength", "3", PYTHONPATH=path).out == "calibrated with 3\n"
    assert program("memory", "dump", PYTHONPATH=path).out == "dumped\n"


def test_failures_of_added_commands_are_like_those_of_others(program: CommandLine, distribution: Install) -> None:
    path = str(distribution(ENTRY_POINTS, "mychip_commands", COMMANDS))
    finished = program("calibrate", "--strength", "10", PYTHONPATH=path)
    assert (finished.code, finished.out, finished.err) == (1, "", "npu-hal: error: the chip is gone\n")
    assert program("calibrate", "--strength", "x", PYTHONPATH=path).code == 2


def test_a_command_that_cannot_be_loaded_hides_no_other(program: CommandLine, distribution: Install) -> None:
    path = str(distribution(ENTRY_POINTS, "mychip_commands", COMMANDS))
    for name, reason in (("gone", "no_such_module_at_all"), ("number", "neither a function nor a typer.Typer")):
        finished = program(name, "--anything", PYTHONPATH=path)
        assert finished.code == 1
        assert finished.err.startswith(f"npu-hal: error: command '{name}' of example 2.5 could not be loaded: ")
        assert reason in finished.err
        assert len(finished.err.splitlines()) == 1


def test_added_commands_do_not_replace_own_ones(program: CommandLine, distribution: Install) -> None:
    path = str(distribution(ENTRY_POINTS, "mychip_commands", COMMANDS))
    assert "calibrated" not in program("devices", PYTHONPATH=path).out
