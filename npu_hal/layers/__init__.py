"""Layers: drivers that stand in front of another driver and do something besides, as Gallium's trace and ddebug do.

A layer is selected by its name before the driver's, joined by a plus sign: ``TEFLON_DRIVER=trace+etnaviv``. Several
may be stacked; the leftmost is called first. A layer's options have its name in front: ``trace.folder=DIR``.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from npu_hal.api import Driver, NoSuchDriver

SEPARATOR = "+"

# What a layer is made of: the driver behind it, and the one that its results can be held against.
Layer = Callable[[Driver, Callable[[], Driver]], Driver]


# A layer is imported when it is put in front of a driver, which most processes never do.
def _trace(behind: Driver, reference: Callable[[], Driver]) -> Driver:
    from npu_hal.layers.trace import TraceDriver

    return TraceDriver(behind)


def _validate(behind: Driver, reference: Callable[[], Driver]) -> Driver:
    from npu_hal.layers.validate import ValidateDriver

    return ValidateDriver(behind, reference)


LAYERS: Mapping[str, Layer] = MappingProxyType({"trace": _trace, "validate": _validate})


def put_in_front(names: list[str], driver: Driver, reference: Callable[[], Driver]) -> Driver:
    """`driver` behind the layers of these names; raises `NoSuchDriver` that lists the layers."""
    for name in reversed(names):
        if name not in LAYERS:
            raise NoSuchDriver(
                f"there is no layer {name!r} to put in front of a driver; layers are: {', '.join(LAYERS)}"
            )
        driver = LAYERS[name](driver, reference)
    return driver
