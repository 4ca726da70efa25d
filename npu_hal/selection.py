"""Which driver and device to use: environment, then arguments; later ones win.

`TEFLON_DRIVER` names the driver and `TEFLON_DEVICE` its device. With no driver named anywhere, it is the first with a
usable NPU, else the one that runs on the CPU; an emulated device is only used when it is named.
"""

import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass

from npu_hal.api import Device, DeviceKind, Driver
from npu_hal.registry import Registry, default_registry

DRIVER_VARIABLE = "TEFLON_DRIVER"
DEVICE_VARIABLE = "TEFLON_DEVICE"

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Selection:
    """A driver, and the name of a device of it (None: its default)."""

    driver: Driver
    device: str | None


def select(driver: str | None = None, device: str | None = None, registry: Registry | None = None) -> Selection:
    """The driver and device meant by the arguments and the environment.

    `TEFLON_DEVICE` names a device of `TEFLON_DRIVER`, so it is not looked at when `driver` names another one. Raises
    `NoSuchDriver`, or the reason why the driver was rejected.
    """
    registry = registry or default_registry()
    from_environment = os.environ.get(DRIVER_VARIABLE) or None
    name = driver or from_environment
    if device is None and (driver is None or from_environment in (None, driver)):
        device = os.environ.get(DEVICE_VARIABLE) or None
    if name is not None:
        return Selection(registry.get(name), device)
    chosen = _default_driver(registry)
    _log.info("no driver was named; using %s", chosen.name)
    return Selection(chosen, device)


def open_device(
    driver: str | None = None,
    device: str | None = None,
    options: Mapping[str, str] | None = None,
    registry: Registry | None = None,
) -> Device:
    """Open the device meant by the arguments and the environment. Raises what `select` and `Driver.open` raise."""
    selection = select(driver, device, registry)
    return selection.driver.open(selection.device, options)


def _default_driver(registry: Registry) -> Driver:
    for driver in registry.drivers.values():
        if any(info.kind is DeviceKind.NPU and info.is_usable for info in driver.probe()):
            return driver
    return registry.fallback()
