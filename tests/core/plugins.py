"""Entry points and drivers made for a test."""

from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import Distribution, EntryPoint
from types import ModuleType
from typing import Any

from npu_hal.api import (
    API_VERSION,
    AnyOperation,
    ApiVersion,
    Array,
    Device,
    DeviceInfo,
    DeviceKind,
    DeviceNotFound,
    Driver,
    Graph,
    Subgraph,
    Support,
    hookimpl,
)


class KindsDevice(Device):
    """Supports the kinds it is told, and runs nothing."""

    def __init__(self, info: DeviceInfo, kinds: frozenset[str], options: Mapping[str, str]) -> None:
        self._info = info
        self.kinds = kinds
        self.given_options = dict(options)

    @property
    def info(self) -> DeviceInfo:
        return self._info

    def supports(self, operation: AnyOperation, graph: Graph) -> Support:
        if operation.kind in self.kinds:
            return Support.yes()
        return Support.no(f"{operation.kind} is not one of this device's")

    def create_subgraph(self, graph: Graph) -> Subgraph:
        return _Idle()

    def close(self) -> None:
        pass


class _Idle(Subgraph):
    def invoke(self, inputs: Sequence[Array]) -> None:
        pass

    def read_outputs(self, outputs: Sequence[Array]) -> None:
        pass

    def close(self) -> None:
        pass


class ExampleDriver(Driver):
    """A driver of one device, with what a test chooses of it."""

    def __init__(
        self,
        name: str = "example",
        api_version: tuple[int, int] = API_VERSION,
        device_kind: DeviceKind = DeviceKind.NPU,
        problem: str = "",
        kinds: frozenset[str] = frozenset(),
    ) -> None:
        # Of the instance here, so that one class serves every test; of the class in a real driver.
        self.name = name  # type: ignore[misc]
        self.api_version = ApiVersion(*api_version)  # type: ignore[misc]
        self._info = DeviceInfo("one", device_kind, "a device of a test", problem)
        self._kinds = kinds

    def probe(self) -> Sequence[DeviceInfo]:
        return (self._info,)

    def open(self, device: str | None = None, options: Mapping[str, str] | None = None) -> KindsDevice:
        if device not in (None, "one"):
            raise DeviceNotFound(f"driver {self.name} has no device {device!r}; it has: one")
        return KindsDevice(self._info, self._kinds, options or {})


class _Distribution(Distribution):
    def __init__(self, name: str, version: str) -> None:
        self._metadata = {"Name": name, "Version": version}

    @property
    def metadata(self) -> Any:
        return self._metadata

    def read_text(self, filename: str) -> str | None:
        return None

    def locate_file(self, path: Any) -> Any:
        raise NotImplementedError


class _LoadedPoint(EntryPoint):
    """An entry point that loads what a test gives, instead of importing."""

    def load(self) -> Any:
        return vars(self)["loader"]()


def entry_point(
    name: str, loader: Callable[[], Any], distribution: str = "example-npu", version: str = "3.1"
) -> EntryPoint:
    point = _LoadedPoint(name, "example.plugin", "npu_hal")
    vars(point).update(loader=loader, dist=_Distribution(distribution, version))
    return point


def plugin(*drivers: object) -> Any:
    """A plugin module with the hook's implementation."""

    @hookimpl
    def npu_hal_drivers() -> Sequence[Any]:
        return drivers

    module = ModuleType("example_plugin")
    vars(module)["npu_hal_drivers"] = npu_hal_drivers
    return module
