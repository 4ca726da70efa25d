"""Shared libraries that come with frontends: whether they were built, and load."""

import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from npu_hal.api import Finding, NpuHalError
from npu_hal.doctor.examination import ok, problem

_LOAD = "import ctypes, sys; library = ctypes.CDLL(sys.argv[1]); [getattr(library, name) for name in sys.argv[2:]]"
_SECONDS = 30


def examine_library(name: str, locate: Callable[[], Path], symbols: Sequence[str]) -> Finding:
    """Whether `locate`, which raises `NpuHalError` if it was not built, gives a library that has `symbols`."""
    try:
        path = locate()
    except NpuHalError as error:
        return problem(name, str(error), "install a C compiler, then npu-hal again")
    # In another process, which a damaged library may take down.
    command = [sys.executable, "-c", _LOAD, str(path), *symbols]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return problem(name, f"{path} could not be tried: {error}", "install npu-hal again")
    if done.returncode:
        reason = done.stderr.strip().rpartition("\n")[2] or f"the process ended with {done.returncode}"
        return problem(name, f"{path} does not load: {reason}", "install npu-hal again")
    return ok(name, f"{path} loads")
