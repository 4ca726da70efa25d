"""The README's commands do what it says."""

import shlex
import subprocess
import sys
import wave
from pathlib import Path

import pytest

from .. import digits_models

REPOSITORY = digits_models.FOLDER.parent.parent
COMMANDS = [
    line.strip() for line in (REPOSITORY / "README.md").read_text().splitlines() if line.startswith("    npu-hal ")
]


@pytest.fixture
def workplace(tmp_path: Path) -> Path:
    """A folder with the files that the README's commands name."""
    (tmp_path / "examples").symlink_to(REPOSITORY / "examples")
    (tmp_path / "model.tflite").write_bytes(digits_models.model("uint8").read_bytes())
    with wave.open(str(tmp_path / "speech.wav"), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(16000)
        sound.writeframes(bytes(128))
    return tmp_path


def test_there_are_commands() -> None:
    assert len(COMMANDS) >= 4


@pytest.mark.parametrize("line", COMMANDS)
def test_commands_work(line: str, workplace: Path) -> None:
    program, *arguments = shlex.split(line)
    assert program == "npu-hal"
    done = subprocess.run(
        [sys.executable, "-m", "npu_hal.cli", *arguments],
        cwd=workplace,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout


def test_every_linked_file_is_there() -> None:
    text = (REPOSITORY / "README.md").read_text()
    targets = [part.split(")")[0] for part in text.split("](")[1:]]
    local = [target for target in targets if "://" not in target]
    assert local
    for target in local:
        assert (REPOSITORY / target).exists(), target
