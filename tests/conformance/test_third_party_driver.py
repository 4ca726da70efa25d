"""The example of a third party's driver is built, installed in an environment of its own, and used."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ..scratch_environment import make_environment

REPOSITORY = Path(__file__).resolve().parents[2]
EXAMPLE = REPOSITORY / "examples" / "third_party_driver"


def _run(*command: str | Path, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, check=False, cwd=cwd, timeout=600
    )


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment with the wheel installed, which sees this one's packages beneath."""
    folder = tmp_path_factory.mktemp("third-party")
    source = folder / "source"
    shutil.copytree(EXAMPLE, source, ignore=shutil.ignore_patterns("*.egg-info", "build", "__pycache__"))
    built = _run(sys.executable, "-m", "pip", "wheel", "--no-deps", "--wheel-dir", folder / "wheels", source)
    assert built.returncode == 0, built.stderr
    (wheel,) = (folder / "wheels").glob("npu_hal_example_npu-*.whl")
    python = make_environment(folder / "venv") / "python"
    installed = _run(sys.executable, "-m", "pip", "--python", python, "install", "--no-deps", wheel)
    assert installed.returncode == 0, installed.stderr
    return folder / "venv"


def test_the_example_is_listed_and_selected(environment: Path) -> None:
    python = environment / "bin" / "python"
    listed = _run(python, "-m", "npu_hal.cli", "devices", "--json")
    assert listed.returncode == 0, listed.stderr
    drivers = {driver["name"]: driver for driver in json.loads(listed.stdout)["drivers"]}
    assert drivers["example"]["distribution"] == "npu-hal-example-npu 0.1.0"
    code = "from npu_hal.selection import open_device; print(open_device().info.name)"
    selected = subprocess.run(
        [str(python), "-c", code],
        env=os.environ | {"TEFLON_DRIVER": "example"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert selected.stdout.strip() == "numpy"


def test_the_example_conforms_by_its_own_tests(environment: Path, tmp_path: Path) -> None:
    shutil.copytree(EXAMPLE / "tests", tmp_path / "tests")
    result = _run(environment / "bin" / "python", "-m", "pytest", "-q", "-rs", "tests", cwd=tmp_path)
    assert result.returncode == 0, result.stdout
    assert "refused: this device has no unit for CONV_2D" in result.stdout
