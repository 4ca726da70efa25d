"""The device under test."""

from dataclasses import dataclass, field
from typing import Any

from npu_hal.api import Device, Driver
from npu_hal.registry import default_registry


@dataclass(frozen=True, slots=True)
class Target:
    """A driver by name, one of its devices (None: its default), and options to open it with."""

    driver: str
    device: str | None = None
    options: dict[str, str] = field(default_factory=dict)

    def find(self) -> Driver:
        """The driver; raises what `Registry.get` raises."""
        return default_registry().get(self.driver)

    def open(self, **changes: Any) -> Device:
        """Open the device; raises what `Driver.open` raises."""
        arguments: dict[str, Any] = {"device": self.device, "options": self.options} | changes
        return self.find().open(**arguments)
