"""The wheel works in an environment that it is installed into."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from ..scratch_environment import make_environment, site_packages

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment with the wheel, and with what it depends on beneath."""
    folder = tmp_path_factory.mktemp("installed") / "environment"
    python = make_environment(folder, npu_hal=False) / "python"
    subprocess.run(
        [sys.executable, "-m", "pip", "--python", python, "install", "--no-deps", "--force-reinstall", wheel],
        capture_output=True,
        check=True,
    )
    return folder


def run(environment: Path, *arguments: str) -> str:
    """The output of `npu-hal`, run from a folder that has nothing to do with the project."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("TEFLON_", "PYTHON"))}
    done = subprocess.run(
        [environment / "bin" / "npu-hal", *arguments],
        cwd=environment,
        env=kept,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_drivers_are_found(environment: Path) -> None:
    listing = json.loads(run(environment, "devices", "--json"))
    assert listing["rejected"] == []
    devices = {driver["name"]: [device["name"] for device in driver["devices"]] for driver in listing["drivers"]}
    assert devices["software"] == ["cpu"]
    assert {"emulator:a311d", "emulator:imx8mp"} <= set(devices["etnaviv"])


@pytest.mark.parametrize(
    ("command", "package"), [("delegate-path", "teflon/libteflon.so"), ("nnapi-path", "npu_hal_nnapi")]
)
def test_libraries_are_where_the_wheel_was_installed(environment: Path, command: str, package: str) -> None:
    printed = Path(run(environment, command).strip())
    assert printed == site_packages(environment) / package
    assert printed.exists()


def test_a_driver_conforms(environment: Path) -> None:
    report = json.loads(run(environment, "conformance", "software", "--capability", "pooling", "--json"))
    assert report["conforms"]
    assert report["capabilities"]["pooling"]["passed"] > 0
