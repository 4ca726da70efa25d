"""Each driver's devices: what keeps one from being used, and whether those that can be used compute rightly."""

from collections.abc import Iterator, Sequence

from npu_hal.api import DeviceInfo, Driver, Finding
from npu_hal.doctor.examination import ok, problem
from npu_hal.doctor.self_test import run_self_test
from npu_hal.registry import Registry


def examine_devices(driver: Driver, registry: Registry, self_test: bool) -> Iterator[Finding]:
    """A finding for each device that `driver` knows."""
    try:
        devices: Sequence[DeviceInfo] = driver.probe()
    # Drivers promise not to raise here; the rest of the examination does not depend on it.
    except Exception as error:
        yield problem("devices", f"driver {driver.name} failed to look for devices: {type(error).__name__}: {error}")
        return
    for info in devices:
        label = f"{info.kind} {info.name}"
        if not info.is_usable:
            yield problem(label, f"{info.description} cannot be used: {info.problem}")
        elif self_test:
            yield run_self_test(driver, info, registry)
        else:
            yield ok(label, info.description)
