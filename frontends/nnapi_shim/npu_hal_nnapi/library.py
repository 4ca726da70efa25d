"""Where libneuralnetworks.so is."""

from pathlib import Path

from npu_hal.api import NpuHalError

_NAME = "libneuralnetworks.so"


def library_folder() -> Path:
    """The folder for LD_LIBRARY_PATH; `NpuHalError` if the library was not built at installation."""
    folder = Path(__file__).parent
    if not (folder / _NAME).is_file():
        raise NpuHalError(
            f"{_NAME} was not built, because there was no C compiler when npu-hal was installed; install one and then "
            f"npu-hal again, or use the Python interface npu_hal_nnapi, which does without"
        )
    return folder
