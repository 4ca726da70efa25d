"""A C program that knows nothing of Python runs a quantised model, with an empty environment."""

import os
import shutil
import subprocess
import sysconfig
from pathlib import Path

import pytest

SOURCES = Path(__file__).parent / "c"

pytestmark = pytest.mark.skipif(
    ".so" not in str(sysconfig.get_config_var("INSTSONAME")), reason="this Python has no shared libpython"
)


@pytest.fixture(scope="module")
def program(library: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program, linked to the library like any client."""
    compiler = shutil.which(os.environ.get("CC", "cc"))
    if compiler is None:
        pytest.skip("needs a C compiler")
    path = tmp_path_factory.mktemp("programs") / "quantized_model"
    flags = ("-std=gnu11", "-Wall", "-Wextra", "-Werror", "-O1")
    source = SOURCES / "quantized_model.c"
    subprocess.run([compiler, *flags, "-o", path, source, library, "-lm", "-lpthread"], check=True)
    return path


def run(program: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([program], env=environment, capture_output=True, text=True, timeout=120, check=False)


def test_a_quantised_model_runs_end_to_end(program: Path) -> None:
    finished = run(program)
    assert finished.returncode == 0, finished.stderr
    *devices, last = finished.stdout.splitlines()
    assert last == "ok"
    assert "software.cpu" in devices


def test_the_environment_chooses_the_driver(program: Path) -> None:
    finished = run(program, TEFLON_DRIVER="nope")
    assert finished.returncode == 1
    assert "ANeuralNetworksCompilation_finish(compilation) returned 9" in finished.stderr


def test_without_python_the_library_says_so_once(program: Path) -> None:
    finished = run(program, TEFLON_PYTHON="/no/python3")
    assert finished.returncode == 1
    assert finished.stderr.count("libneuralnetworks.so: /no/python3 has no shared libpython") == 1
    assert "ANeuralNetworks_getDeviceCount(&count) returned 5" in finished.stderr


def test_the_library_needs_libc_alone(library: Path) -> None:
    if shutil.which("readelf") is None:
        pytest.skip("needs readelf")
    output = subprocess.run(["readelf", "-d", library], capture_output=True, text=True, check=True).stdout
    needed = [line for line in output.splitlines() if "(NEEDED)" in line]
    # The loader itself comes along with variables of a thread's own.
    of_libc = ("libc.so", "libpthread", "libdl", "ld-linux")
    assert all(any(name in line for name in of_libc) for line in needed), needed
