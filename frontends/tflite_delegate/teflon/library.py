"""Where libteflon.so is."""

from pathlib import Path

from npu_hal.api import NpuHalError

_NAME = "libteflon.so"


def library_path() -> Path:
    """The path of the library for `load_delegate`; `NpuHalError` if it was not built at installation."""
    path = Path(__file__).with_name(_NAME)
    if not path.is_file():
        raise NpuHalError(
            f"{_NAME} was not built, because there was no C compiler when npu-hal was installed; install one and then "
            f"npu-hal again, or use teflon.Delegate, which does without"
        )
    return path
