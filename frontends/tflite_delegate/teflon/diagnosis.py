"""Whether libteflon.so is there and loads, for ``npu-hal doctor``."""

from collections.abc import Sequence
from importlib.util import find_spec

from npu_hal.api import Finding, FindingStatus
from npu_hal.doctor.libraries import examine_library
from teflon.library import library_path

RUNTIMES = ("ai_edge_litert", "tflite_runtime", "tensorflow")
SYMBOLS = ("tflite_plugin_create_delegate", "tflite_plugin_destroy_delegate")


def diagnose() -> Sequence[Finding]:
    """The library, and the runtimes that could load it."""
    return [examine_library("libteflon.so", library_path, SYMBOLS), _runtimes()]


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
