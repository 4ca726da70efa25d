"""What layers have in common: they are drivers, and pass on what they do not change."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from npu_hal.api import (
    Device,
    DeviceInfo,
    Driver,
    DriverOption,
    Finding,
    Graph,
    Support,
    Tolerance,
)

if TYPE_CHECKING:
    from npu_hal.api import AnyOperation


class LayerDriver(Driver):
    """A layer in front of a driver: named ``layer+driver``, with both's options, the layer's as ``layer.option``."""

    layer: str
    layer_options: tuple[DriverOption, ...] = ()

    def __init__(self, behind: Driver) -> None:
        self.behind = behind
        # Of the class in a driver; a layer's follow from what is behind it.
        self.name = f"{self.layer}+{behind.name}"  # type: ignore[misc]
        self.api_version = behind.api_version  # type: ignore[misc]
        own = tuple(
            DriverOption(f"{self.layer}.{option.name}", option.description, option.default, option.choices)
            for option in self.layer_options
        )
        self.options = own + behind.options  # type: ignore[misc]

    def probe(self) -> Sequence[DeviceInfo]:
        """The devices of the driver behind."""
        return self.behind.probe()

    def diagnose(self) -> Sequence[Finding]:
        """What the driver behind tells."""
        return self.behind.diagnose()

    def open(self, device: str | None = None, options: Mapping[str, str] | None = None) -> Device:
        """Open a device of the driver behind, and put the layer in front of it."""
        prefix = f"{self.layer}."
        checked = self.check_options(options)
        own = {name.removeprefix(prefix): value for name, value in checked.items() if name.startswith(prefix)}
        # Defaults are left to the driver behind, which may tell "not given" from its default.
        passed = {name: value for name, value in (options or {}).items() if not name.startswith(prefix)}
        return self.wrap(self.behind.open(device, passed), own)

    @abstractmethod
    def wrap(self, device: Device, options: Mapping[str, str]) -> Device:
        """The layer in front of an opened device; `options` are the layer's own, complete."""


class LayerDevice(Device):
    """A device that passes everything on; layers override `create_subgraph`."""

    def __init__(self, behind: Device) -> None:
        self.behind = behind

    @property
    def info(self) -> DeviceInfo:
        """The device behind."""
        return self.behind.info

    @property
    def tolerance(self) -> Tolerance:
        """That of the device behind."""
        return self.behind.tolerance

    def supports(self, operation: "AnyOperation", graph: Graph) -> Support:
        """What the device behind answers."""
        return self.behind.supports(operation, graph)

    def close(self) -> None:
        """Close the device behind."""
        self.behind.close()
