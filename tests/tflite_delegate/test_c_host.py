"""A C program that knows nothing of Python, with an empty environment, loads libteflon.so."""

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from .conftest import CompileProgram

SOFTWARE = ("--option", "driver=software")
NEEDS_SHARED_LIBPYTHON = pytest.mark.skipif(
    ".so" not in str(sysconfig.get_config_var("INSTSONAME")), reason="this Python has no shared libpython"
)
pytestmark = NEEDS_SHARED_LIBPYTHON


def run_host(program: Path, library: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the host with no environment but what is given."""
    return subprocess.run(
        [program, library, *arguments], env=environment, capture_output=True, text=True, timeout=120, check=False
    )


def test_results_are_right_from_any_thread(compile_program: CompileProgram, library: Path) -> None:
    run = run_host(compile_program("host"), library, *SOFTWARE, "--threads", "4", "--invokes", "250")
    assert (run.returncode, run.stdout) == (0, "ok\n"), run.stderr


def test_a_kernel_outlives_its_delegate(compile_program: CompileProgram, library: Path) -> None:
    run = run_host(compile_program("host"), library, *SOFTWARE, "--destroy-first")
    assert (run.returncode, run.stdout) == (0, "ok\n"), run.stderr


def test_the_interpreter_can_be_named(compile_program: CompileProgram, library: Path) -> None:
    run = run_host(compile_program("host"), library, *SOFTWARE, TEFLON_PYTHON=sys.executable)
    assert (run.returncode, run.stdout) == (0, "ok\n"), run.stderr


def test_the_driver_can_be_named_by_the_environment(compile_program: CompileProgram, library: Path) -> None:
    run = run_host(compile_program("host"), library, TEFLON_DRIVER="software")
    assert (run.returncode, run.stdout) == (0, "ok\n"), run.stderr


@pytest.mark.parametrize(
    ("arguments", "environment", "message"),
    [
        (("--option", "driver=nope"), {}, "reported: libteflon.so: NoSuchDriver: there is no driver 'nope'"),
        (("--option", "driver=nope", "--null-report"), {}, "\nlibteflon.so: NoSuchDriver: there is no driver 'nope'"),
        ((), {"TEFLON_PYTHON": "/no/python3"}, "libteflon.so: /no/python3 has no shared libpython, or does not run"),
        ((), {"TEFLON_LIBPYTHON": "/no/libpython.so"}, "libteflon.so: cannot load libpython: /no/libpython.so"),
    ],
)
def test_a_delegate_that_cannot_be_made_says_why(
    compile_program: CompileProgram,
    library: Path,
    arguments: tuple[str, ...],
    environment: dict[str, str],
    message: str,
) -> None:
    run = run_host(compile_program("host"), library, *arguments, **environment)
    assert run.returncode == 3
    assert message in "\n" + run.stderr


def test_an_interpreter_without_the_package_is_named(
    compile_program: CompileProgram, library: Path, tmp_path: Path
) -> None:
    base = Path(sys.base_prefix, "bin", "python3")
    if not base.exists() or sys.prefix == sys.base_prefix:
        pytest.skip("needs a virtual environment, and an interpreter outside of it")
    run = run_host(compile_program("host"), library, TEFLON_PYTHON=os.fspath(base))
    assert run.returncode == 3
    assert f"No module named 'teflon'; the interpreter is {base}, and the environment" in run.stderr


def test_later_pythons_are_started_by_a_configuration(compile_program: CompileProgram, library: Path) -> None:
    libpython = compile_program("fake_libpython", "-shared", "-fPIC")
    run = run_host(
        compile_program("host"), library, TEFLON_LIBPYTHON=os.fspath(libpython), TEFLON_PYTHON="/some/bin/python3"
    )
    assert run.returncode == 3
    assert run.stderr == (
        "reported: libteflon.so: cannot start Python:  use_environment=1 user_site_directory=1 "
        "program_name=/some/bin/python3\n"
    )


def test_shapes_may_change_after_compiling(compile_program: CompileProgram, library: Path) -> None:
    run = run_host(compile_program("host"), library, *SOFTWARE, "--other-shape", "--threads", "2")
    assert (run.returncode, run.stdout) == (0, "ok\n"), run.stderr


def test_impossible_shapes_are_refused(compile_program: CompileProgram, library: Path) -> None:
    run = run_host(compile_program("host"), library, *SOFTWARE, "--bad-shape")
    assert run.returncode == 4
    assert "teflon: node 0 ADD is not possible with the shapes that the tensors have now: " in run.stderr
    assert "[1, 9]" in run.stderr


def test_the_library_needs_libc_alone(library: Path) -> None:
    try:
        printed = subprocess.run(["readelf", "-d", library], capture_output=True, text=True, check=True).stdout
    except FileNotFoundError:
        pytest.skip("needs readelf")
    needed = [line.split("[")[1].rstrip("]") for line in printed.splitlines() if "(NEEDED)" in line]
    assert "libc.so.6" in needed
    # Where they are not part of libc yet; and libc's own loader, which finds thread-local variables.
    others = {name for name in needed if not name.startswith("ld-linux")}
    assert others <= {"libc.so.6", "libdl.so.2", "libpthread.so.0"}
    assert "RUNPATH" not in printed


def test_the_library_exports_the_delegate_interface_alone(library: Path) -> None:
    try:
        printed = subprocess.run(
            ["nm", "--dynamic", "--defined-only", library], capture_output=True, text=True, check=True
        ).stdout
    except FileNotFoundError:
        pytest.skip("needs nm")
    assert {line.split()[-1] for line in printed.splitlines()} == {
        "tflite_plugin_create_delegate",
        "tflite_plugin_destroy_delegate",
    }
