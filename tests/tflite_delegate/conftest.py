"""Fixtures of the delegate's tests."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import teflon
from npu_hal.registry import Registry

from ..core.plugins import entry_point, plugin
from ..packaging.distributions import REPOSITORY
from .probe_driver import ProbeDriver

SOURCES = Path(__file__).parent / "c"

CompileProgram = Callable[..., Path]


@pytest.fixture
def probe() -> ProbeDriver:
    """A driver that computes exactly, notes what it is asked, and fails where a test wants it to."""
    return ProbeDriver()


@pytest.fixture
def probe_registry(probe: ProbeDriver) -> Registry:
    return Registry([entry_point("probe", lambda: plugin(probe))])


@pytest.fixture
def delegate(probe_registry: Registry) -> Iterator[teflon.Delegate]:
    """A delegate on the probe driver."""
    with teflon.Delegate(registry=probe_registry, driver="probe") as delegate:
        yield delegate


@pytest.fixture(scope="session")
def compile_program(tmp_path_factory: pytest.TempPathFactory) -> CompileProgram:
    """Compiles a C program of the tests, or a library with ``-shared -fPIC``; skips where there is no compiler."""
    compiler = shutil.which(os.environ.get("CC", "cc"))
    if compiler is None:
        pytest.skip("needs a C compiler")
    folder = tmp_path_factory.mktemp("programs")

    def compile_one(name: str, *options: str) -> Path:
        program = folder / name
        if not program.exists():
            flags = ("-std=gnu11", "-Wall", "-Wextra", "-Werror", "-O1")
            source = SOURCES / f"{name}.c"
            subprocess.run([compiler, *flags, *options, "-o", program, source, "-ldl", "-lpthread"], check=True)
        return program

    return compile_one


@pytest.fixture(scope="session")
def library() -> Path:
    """libteflon.so, which an installation without a C compiler lacks."""
    path = Path(teflon.__file__).with_name("libteflon.so")
    if not path.is_file():
        pytest.skip("npu-hal was installed without a C compiler")
    return path


@pytest.fixture(scope="session")
def run_python() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs a piece of Python in a process of its own."""

    def run(code: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", code, *arguments],
            env={**os.environ, **environment},
            cwd=REPOSITORY,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return run
