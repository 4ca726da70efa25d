"""The order of an examination: machine, packages, plugins, drivers, frontends, environment."""

from collections.abc import Callable, Sequence
from importlib.metadata import entry_points

from npu_hal.api import Driver, Finding, FindingStatus
from npu_hal.doctor.devices import examine_devices
from npu_hal.doctor.environment import examine_environment
from npu_hal.doctor.examination import Examination, Section, problem
from npu_hal.doctor.machine import examine_machine
from npu_hal.doctor.packages import examine_packages
from npu_hal.doctor.plugins import examine_plugins
from npu_hal.registry import Registry

DOCTOR_GROUP = "npu_hal.doctor"


def examine(registry: Registry, self_test: bool = True) -> Examination:
    """Examine this machine; `self_test` runs a small network on each usable device. Never raises."""
    sections = [
        Section("machine", tuple(examine_machine())),
        Section("packages", tuple(examine_packages())),
        Section("plugins", tuple(examine_plugins(registry))),
    ]
    for name, driver in registry.drivers.items():
        findings = [*_diagnosis(driver), *examine_devices(driver, registry, self_test)]
        sections.append(Section(f"driver {name}", tuple(findings)))
    sections.extend(_contributed())
    sections.append(Section("environment", tuple(examine_environment(registry))))
    return Examination(tuple(section for section in sections if section.findings))


def _diagnosis(driver: Driver) -> Sequence[Finding]:
    return _guarded("diagnosis", f"driver {driver.name}", driver.diagnose)


def _contributed() -> list[Section]:
    sections = []
    for point in sorted(entry_points(group=DOCTOR_GROUP), key=lambda point: point.name):
        owner = f"{point.dist.name} {point.dist.version}" if point.dist is not None else "an unknown distribution"
        findings = _guarded("diagnosis", f"{point.value} of {owner}", lambda point=point: point.load()())  # type: ignore[misc]
        sections.append(Section(point.name, tuple(findings)))
    return sections


def _guarded(check: str, whose: str, diagnose: Callable[[], Sequence[Finding]]) -> Sequence[Finding]:
    """The findings, or the finding that there are none to be had."""
    try:
        findings = list(diagnose())
        strangers = [finding for finding in findings if not isinstance(finding, Finding)]
        if strangers:
            raise TypeError(f"{strangers[0]!r} is no npu_hal.api.Finding")
    # Foreign code may fail in any way, and the rest of the examination is wanted all the more then.
    except Exception as error:
        advice = "report this to those who made it"
        return [problem(check, f"{whose} failed to look: {type(error).__name__}: {error}", advice)]
    return [Finding(found.check, FindingStatus(found.status), found.observation, found.advice) for found in findings]
