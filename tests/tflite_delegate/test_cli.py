"""``npu-hal delegate-path``."""

import json
from importlib.metadata import entry_points
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

import teflon
from npu_hal.api import NpuHalError


@pytest.fixture
def command() -> typer.Typer:
    """The command as the entry point gives it."""
    (point,) = entry_points(group="npu_hal.cli", name="delegate-path")
    app = typer.Typer()
    app.command()(point.load())
    return app


def test_it_prints_the_path(command: typer.Typer, library: Path) -> None:
    assert library == teflon.library_path()
    assert CliRunner().invoke(command).stdout == f"{library}\n"


def test_it_prints_json(command: typer.Typer, library: Path) -> None:
    assert json.loads(CliRunner().invoke(command, ["--json"]).stdout) == {"path": str(library)}


def test_it_says_how_to_get_the_library(command: typer.Typer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("teflon.library.__file__", str(tmp_path / "library.py"))
    result = CliRunner().invoke(command)
    assert isinstance(result.exception, NpuHalError)
    assert "was not built" in str(result.exception)
