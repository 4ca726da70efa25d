"""The command that says where the library is."""

import json
import subprocess
import sys
from pathlib import Path


def run(*arguments: str) -> str:
    command = [sys.executable, "-m", "npu_hal.cli", "nnapi-path", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_the_folder_holds_the_library(library: Path) -> None:
    assert (Path(run().strip()) / "libneuralnetworks.so").samefile(library)
    assert Path(json.loads(run("--json"))["folder"]).samefile(library.parent)
