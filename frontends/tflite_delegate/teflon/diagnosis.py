"""Whether libteflon.so is there and loads, for ``npu-hal doctor``."""

import subprocess
import sys
from collections.abc import Sequence
from importlib.util import find_spec

from npu_hal.api import Finding, FindingStatus, NpuHalError
from teflon.library import library_path

RUNTIMES = ("ai_edge_litert", "tflite_runtime", "tensorflow")
SYMBOLS = ("tflite_plugin_create_delegate", "tflite_plugin_destroy_delegate")

_LOAD = "import ctypes, sys; library = ctypes.CDLL(sys.argv[1]); [getattr(library, name) for name in sys.argv[2:]]"
_SECONDS = 30


def diagnose() -> Sequence[Finding]:
    """The library, and the runtimes that could load it."""
    return [_library(), _runtimes()]


def _library() -> Finding:
    check = "libteflon.so"
    try:
        path = library_path()
    except NpuHalError as error:
        return Finding(check, FindingStatus.PROBLEM, str(error), "install a C compiler, then npu-hal again")
    # In another process, which a damaged library may take down.
    command = [sys.executable, "-c", _LOAD, str(path), *SYMBOLS]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return Finding(check, FindingStatus.PROBLEM, f"{path} could not be tried: {error}", "install npu-hal again")
    if done.returncode:
        reason = done.stderr.strip().rpartition("\n")[2] or f"the process ended with {done.returncode}"
        return Finding(check, FindingStatus.PROBLEM, f"{path} does not load: {reason}", "install npu-hal again")
    return Finding(check, FindingStatus.OK, f"{path} loads and is a TensorFlow Lite delegate")


def _runtimes() -> Finding:
    found = [name for name in RUNTIMES if find_spec(name) is not None]
    if found:
        return Finding("TFLite runtime", FindingStatus.OK, f"Python has {', '.join(found)}")
    return Finding(
        "TFLite runtime",
        FindingStatus.WARNING,
        "Python has none that could load the delegate; programs in C and C++ bring their own",
        "pip install npu-hal[tflite]",
    )
