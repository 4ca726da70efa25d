"""Whether libneuralnetworks.so is there and loads, for ``npu-hal doctor``."""

from collections.abc import Sequence
from pathlib import Path

from npu_hal.api import Finding
from npu_hal.doctor.libraries import examine_library
from npu_hal_nnapi.library import library_folder

_NAME = "libneuralnetworks.so"
SYMBOLS = ("ANeuralNetworksModel_create", "ANeuralNetworksCompilation_create", "ANeuralNetworksExecution_create")


def diagnose() -> Sequence[Finding]:
    """The library."""
    return [examine_library(_NAME, _library, SYMBOLS)]


def _library() -> Path:
    return library_folder() / _NAME
