"""The library and the Python object as they are installed by a wheel, made with and without a C compiler."""

import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from ..packaging.distributions import REPOSITORY, build, copy_sources, make_environment
from .conftest import CompileProgram
from .test_c_host import NEEDS_SHARED_LIBPYTHON, run_host

pytestmark = pytest.mark.slow

LIBRARY = "teflon/libteflon.so"

RUN_WITHOUT_LIBRARY = """
import teflon
from npu_hal.api import NpuHalError
from tests.tflite_delegate.runtime import assert_same_as_reference, chain_model

assert_same_as_reference(chain_model(), teflon.Delegate(driver="software"))
print(teflon.__file__)
try:
    teflon.library_path()
except NpuHalError as error:
    print(error)
"""


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    """The sources without anything that was built from them."""
    return copy_sources(tmp_path)


def site_packages(environment: Path) -> Path:
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    return environment / "lib" / version / "site-packages"


def install(wheel: Path, environment: Path) -> Path:
    """A virtual environment with the wheel, and what it depends on from this one; returns its interpreter."""
    python = make_environment(environment, pip=False)
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site_packages(environment))
    (site_packages(environment) / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return python


@NEEDS_SHARED_LIBPYTHON
def test_a_program_in_c_runs_on_an_installed_wheel(
    sources: Path, tmp_path: Path, compile_program: CompileProgram
) -> None:
    host = compile_program("host")
    wheel = build(sources, tmp_path / "wheel", "wheel")
    contents = zipfile.ZipFile(wheel).read(LIBRARY)
    assert os.fsencode(sys.prefix) not in contents
    assert os.fsencode(sources) not in contents

    environment = tmp_path / "environment"
    install(wheel, environment)
    run = run_host(host, site_packages(environment) / LIBRARY, "--option", "driver=software")
    assert (run.returncode, run.stdout) == (0, "ok\n"), run.stderr


def test_without_a_compiler_the_python_object_works(sources: Path, tmp_path: Path) -> None:
    wheel = build(sources, tmp_path / "wheel", "wheel", CC=str(tmp_path / "no-compiler"))
    assert LIBRARY not in zipfile.ZipFile(wheel).namelist()
    environment = tmp_path / "environment"
    python = install(wheel, environment)
    run = subprocess.run(
        [python, "-c", RUN_WITHOUT_LIBRARY], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    used, error = run.stdout.splitlines()
    assert Path(used).is_relative_to(environment)
    assert error.startswith("libteflon.so was not built")
