"""The plugin that registers the software driver."""

from collections.abc import Sequence

from npu_hal.api import Driver, hookimpl
from npu_hal_software.driver import SoftwareDriver


@hookimpl
def npu_hal_drivers() -> Sequence[Driver]:
    """The software driver."""
    return [SoftwareDriver()]
