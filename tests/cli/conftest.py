"""The command line, called in this process or as a program of its own."""

import logging
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from npu_hal.cli import main


@dataclass(frozen=True)
class Finished:
    code: int
    out: str
    err: str


CommandLine = Callable[..., Finished]


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TEFLON_DRIVER", "TEFLON_DEVICE", "TEFLON_DEBUG"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Iterator[CommandLine]:
    """``command("run", ...)`` runs `npu-hal run ...` in this process."""
    logger = logging.getLogger("npu_hal")
    kept = logger.level, list(logger.handlers), logger.propagate

    def run(*arguments: object) -> Finished:
        with pytest.raises(SystemExit) as end:
            main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        assert isinstance(end.value.code, int)
        return Finished(end.value.code, captured.out, captured.err)

    yield run
    logger.level, logger.handlers, logger.propagate = kept
    logging.getLogger("npu_hal.registry").setLevel(logging.NOTSET)


@pytest.fixture
def program() -> CommandLine:
    """``program("run", ..., TEFLON_DEBUG="verbose")`` runs it as a process with these environment variables."""

    def run(*arguments: object, **environment: str) -> Finished:
        done = subprocess.run(
            [sys.executable, "-m", "npu_hal.cli", *(str(argument) for argument in arguments)],
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return Finished(done.returncode, done.stdout, done.stderr)

    return run


@pytest.fixture
def distribution(tmp_path: Path) -> Callable[[str, str, str], Path]:
    """``distribution(entry_points, module, source)`` installs a distribution `example` into a folder for PYTHONPATH."""

    def install(entry_points: str, module: str, source: str) -> Path:
        site = tmp_path / "site"
        metadata = site / "example-2.5.dist-info"
        metadata.mkdir(parents=True)
        (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: example\nVersion: 2.5\n")
        (metadata / "entry_points.txt").write_text(entry_points)
        (site / f"{module}.py").write_text(source)
        return site

    return install
