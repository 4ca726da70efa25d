"""The plugin that registers the driver."""

from collections.abc import Sequence

from npu_hal.api import Driver, hookimpl
from npu_hal_etnaviv.driver import EtnavivDriver


@hookimpl
def npu_hal_drivers() -> Sequence[Driver]:
    """The one driver."""
    return [EtnavivDriver()]
