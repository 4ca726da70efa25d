"""Finding drivers: the plugins that installed distributions register, checked and named."""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from types import MappingProxyType

import pluggy

from npu_hal.api import (
    API_VERSION,
    PLUGIN_GROUP,
    ApiVersion,
    DeviceKind,
    Driver,
    DriverBroken,
    DriverIncompatible,
    NoSuchDriver,
    NpuHalError,
    hookspecs,
)
from npu_hal.layers import SEPARATOR, put_in_front

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RejectedPlugin:
    """A plugin, or a driver of one, that cannot be used: whose it is, and why."""

    entry_point: str
    distribution: str
    version: str
    error: NpuHalError


class Registry:
    """The drivers of a set of entry points.

    A plugin that fails to load, or whose driver was written for another version of the interface, is kept in
    `rejected` with its distribution, version and reason, and does not keep the others from being used.
    """

    def __init__(self, points: Iterable[EntryPoint]) -> None:
        self._drivers: dict[str, Driver] = {}
        self._owners: dict[str, str] = {}
        self._rejected: list[RejectedPlugin] = []
        self._manager = pluggy.PluginManager(PLUGIN_GROUP)
        self._manager.add_hookspecs(hookspecs)
        for point in sorted(points, key=lambda point: (point.name, _distribution(point))):
            try:
                drivers = self._load(point)
            except NpuHalError as error:
                self._reject(point, error)
                continue
            for driver in drivers:
                self._register(point, driver)

    @classmethod
    def discover(cls) -> "Registry":
        """The drivers of all installed distributions: entry-point group `npu_hal`."""
        return cls(entry_points(group=PLUGIN_GROUP))

    @property
    def drivers(self) -> Mapping[str, Driver]:
        """The usable drivers by name."""
        return MappingProxyType(self._drivers)

    @property
    def rejected(self) -> tuple[RejectedPlugin, ...]:
        """The plugins that cannot be used."""
        return tuple(self._rejected)

    def owner(self, name: str) -> str:
        """The distribution and version that registered the driver `name`."""
        return self._owners[name.split(SEPARATOR)[-1]]

    def get(self, name: str) -> Driver:
        """The driver of that name, behind the layers that are named before it: ``trace+etnaviv``.

        Raises `NoSuchDriver` with the names of those installed, or the reason why a plugin of that name was rejected.
        """
        *layers, name = name.split(SEPARATOR)
        driver = self._drivers.get(name)
        if driver is not None:
            return put_in_front(layers, driver, self.fallback)
        for plugin in self._rejected:
            if plugin.entry_point == name:
                raise plugin.error
        installed = ", ".join(sorted(self._drivers)) or "none"
        raise NoSuchDriver(f"there is no driver {name!r}; installed drivers are: {installed}")

    def fallback(self) -> Driver:
        """The driver that runs what others refuse: the first that has a usable CPU device, by name."""
        for driver in self._drivers.values():
            if any(info.kind is DeviceKind.CPU and info.is_usable for info in driver.probe()):
                return driver
        raise NoSuchDriver("no installed driver runs on the CPU, which operations that others refuse would need")

    def _load(self, point: EntryPoint) -> list[Driver]:
        try:
            plugin = point.load()
            self._manager.register(plugin, name=f"{_distribution(point)}:{point.name}")
            others = [other for other in self._manager.get_plugins() if other is not plugin]
            answers = self._manager.subset_hook_caller("npu_hal_drivers", others)()
        # A foreign plugin may fail in any way, and must not take the other drivers down.
        except Exception as error:
            raise DriverBroken(
                f"plugin {point.name!r} of {_distribution(point)} {_version(point)} could not be loaded: "
                f"{type(error).__name__}: {error}"
            ) from error
        if not answers:
            raise DriverBroken(
                f"plugin {point.name!r} of {_distribution(point)} {_version(point)} registers no driver: "
                f"{point.value} has no hook implementation npu_hal_drivers"
            )
        return [driver for answer in answers for driver in answer]

    def _register(self, point: EntryPoint, driver: Driver) -> None:
        origin = f"{_distribution(point)} {_version(point)}"
        if not isinstance(driver, Driver) or not isinstance(getattr(driver, "name", None), str):
            error: NpuHalError = DriverBroken(
                f"plugin {point.name!r} of {origin} registers {driver!r}, which is no npu_hal.api.Driver with a name"
            )
        elif not _is_version(getattr(driver, "api_version", None)):
            error = DriverBroken(f"driver {driver.name!r} of {origin} does not say its api_version")
        elif not API_VERSION.accepts(ApiVersion(*driver.api_version)):
            error = DriverIncompatible(
                f"driver {driver.name!r} of {origin} was written for version {ApiVersion(*driver.api_version)} of "
                f"the driver interface, this npu-hal has version {API_VERSION}; install matching versions of both"
            )
        elif driver.name in self._drivers:
            error = DriverBroken(
                f"driver {driver.name!r} of {origin} is left out: {self._owners[driver.name]} has one of that name"
            )
        else:
            self._drivers[driver.name] = driver
            self._owners[driver.name] = origin
            return
        self._reject(point, error)

    def _reject(self, point: EntryPoint, error: NpuHalError) -> None:
        _log.warning("%s", error)
        # The registry lives as long as the process; tracebacks would keep what their frames hold alive with it.
        for part in (error, error.__cause__, error.__context__):
            if part is not None:
                part.__traceback__ = None
        self._rejected.append(RejectedPlugin(point.name, _distribution(point), _version(point), error))


@cache
def default_registry() -> Registry:
    """The registry of what is installed, made once per process."""
    return Registry.discover()


def _is_version(value: object) -> bool:
    return isinstance(value, tuple) and len(value) == 2 and all(isinstance(part, int) for part in value)


def _distribution(point: EntryPoint) -> str:
    return point.dist.name if point.dist is not None else "an unknown distribution"


def _version(point: EntryPoint) -> str:
    return point.dist.version if point.dist is not None else "of unknown version"
