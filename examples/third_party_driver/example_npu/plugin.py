"""The hook by which npu-hal finds the driver; must be quick, and touch no hardware."""

from collections.abc import Sequence

from example_npu.driver import ExampleDriver
from npu_hal.api import Driver, hookimpl


@hookimpl
def npu_hal_drivers() -> Sequence[Driver]:
    """The drivers of this distribution."""
    return [ExampleDriver()]
