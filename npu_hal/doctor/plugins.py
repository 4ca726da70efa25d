"""The drivers that are installed, and those that could not be used."""

from collections.abc import Iterator

from npu_hal.api import Finding
from npu_hal.doctor.examination import ok, problem
from npu_hal.registry import Registry


def examine_plugins(registry: Registry) -> Iterator[Finding]:
    """A finding for each driver and each rejected plugin."""
    for name in registry.drivers:
        yield ok(f"driver {name}", f"of {registry.owner(name)}")
    for plugin in registry.rejected:
        advice = f"update or remove {plugin.distribution} {plugin.version}"
        yield problem(f"plugin {plugin.entry_point}", str(plugin.error), advice)
    if not registry.drivers:
        yield problem("drivers", "no driver is installed", "install npu-hal again, which brings the software driver")
