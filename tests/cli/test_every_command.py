"""What holds for every command: help, wrong options, and missing files end as they should."""

import subprocess
import sys
from pathlib import Path

import pytest

# Each with arguments that name a file or folder which is not there.
COMMANDS: dict[str, list[str]] = {
    "devices": [],
    "run": ["nosuch.tflite", "--random", "1"],
    "bench": ["nosuch.tflite"],
    "inspect": ["nosuch.tflite"],
    "doctor": [],
    "compile": ["nosuch.tflite", "--driver", "etnaviv", "--device", "emulator:a311d"],
    "conformance": ["nosuch"],
    "replay": ["nosuch"],
    "delegate-path": [],
    "nnapi-path": [],
    "disassemble": ["nosuch"],
}


def npu_hal(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "npu_hal.cli", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120, cwd=cwd)


def test_the_list_is_complete() -> None:
    listed = npu_hal("--help").stdout
    for command in COMMANDS:
        assert f"  {command} " in listed
    commands = listed[listed.index("Commands") :].splitlines()[1:]
    assert sum(line.startswith("  ") and not line.startswith("   ") for line in commands) == len(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_help_tells_what_the_command_does(command: str) -> None:
    done = npu_hal(command, "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert f"Usage: npu-hal {command}" in done.stdout
    assert "--json" in done.stdout


@pytest.mark.parametrize("command", COMMANDS)
def test_an_unknown_option_is_wrong_usage(command: str) -> None:
    done = npu_hal(command, *COMMANDS[command], "--nosuch-option")
    assert done.returncode == 2
    assert "--nosuch-option" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", [name for name, arguments in COMMANDS.items() if arguments])
def test_what_is_not_there_is_one_sentence(command: str, tmp_path: Path) -> None:
    done = npu_hal(command, *COMMANDS[command], cwd=tmp_path)
    assert done.returncode == 1
    assert "nosuch" in done.stderr
    (sentence,) = done.stderr.splitlines()
    assert sentence.startswith("npu-hal: error: ")
    assert not list(tmp_path.iterdir())
