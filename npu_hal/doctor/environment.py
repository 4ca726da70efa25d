"""The environment variables that steer npu-hal, and the device that they and the defaults choose."""

import difflib
import os
from collections.abc import Iterator

from npu_hal.api import Finding, NpuHalError
from npu_hal.debug import DEBUG_VARIABLE, VERBOSE
from npu_hal.doctor.examination import ok, problem, warning
from npu_hal.layers import SEPARATOR
from npu_hal.registry import Registry
from npu_hal.selection import DEVICE_VARIABLE, DRIVER_VARIABLE, select

PREFIXES = ("TEFLON_", "NPU_HAL_")
KNOWN = (DRIVER_VARIABLE, DEVICE_VARIABLE, DEBUG_VARIABLE)


def examine_environment(registry: Registry) -> Iterator[Finding]:
    """Each variable that is set, then what would be used."""
    for name in sorted(os.environ):
        if name.startswith(PREFIXES):
            yield _variable(name, os.environ[name], registry)
    yield _choice(registry)


def _variable(name: str, value: str, registry: Registry) -> Finding:
    if not value:
        return ok(name, "is empty, as if it was not set")
    if name == DRIVER_VARIABLE:
        try:
            driver = registry.get(value)
        except NpuHalError as error:
            return problem(name, f"is {value!r}: {error}", f"unset {name}, or name one of those")
        return ok(name, f"is {value!r}, of {registry.owner(driver.name)}")
    if name == DEVICE_VARIABLE and not os.environ.get(DRIVER_VARIABLE):
        return warning(
            name,
            f"is {value!r}, but {DRIVER_VARIABLE} is not set, so it is taken for a device of the default driver",
            f"set {DRIVER_VARIABLE} too",
        )
    if name == DEBUG_VARIABLE:
        unknown = [flag for flag in map(str.strip, value.split(",")) if flag and flag != VERBOSE]
        if unknown:
            return warning(name, f"has the unknown flag {unknown[0]!r}", f"the flag that npu-hal knows is {VERBOSE}")
    if name not in KNOWN:
        similar = difflib.get_close_matches(name, KNOWN, 1, cutoff=0.8)
        if similar:
            return warning(name, f"is {value!r}, and npu-hal knows no such variable", f"did you mean {similar[0]}?")
    return ok(name, f"is {value!r}")


def _choice(registry: Registry) -> Finding:
    """What programs get that name neither driver nor device."""
    check = "default device"
    try:
        selection = select(registry=registry)
        # Opening layers has effects that nobody asked for here, such as a trace's folder.
        driver = registry.get(selection.driver.name.rpartition(SEPARATOR)[2])
        with driver.open(selection.device) as device:
            return ok(check, f"{selection.driver.name} {device.info.name}: {device.info.description}")
    except NpuHalError as error:
        wanted = " ".join(
            f"{name}={os.environ[name]}" for name in (DRIVER_VARIABLE, DEVICE_VARIABLE) if os.environ.get(name)
        )
        advice = f"unset or change {wanted}" if wanted else ""
        return problem(check, f"what would be used cannot be opened: {error}", advice)
