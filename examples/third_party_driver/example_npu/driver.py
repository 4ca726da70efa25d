"""The driver."""

from collections.abc import Mapping, Sequence

from example_npu.device import ExampleDevice
from npu_hal.api import ApiVersion, Device, DeviceInfo, DeviceKind, DeviceNotFound, Driver


class ExampleDriver(Driver):
    """A driver of one device, which is always there."""

    name = "example"
    # The version of the interface that this code was written for, not the one that happens to be installed.
    api_version = ApiVersion(1, 0)

    def probe(self) -> Sequence[DeviceInfo]:
        """The devices. A driver for a chip looks for device nodes here, and says in `problem` what is wrong."""
        return [DeviceInfo("numpy", DeviceKind.EMULATOR, "a pretended NPU that computes with numpy")]

    def open(self, device: str | None = None, options: Mapping[str, str] | None = None) -> Device:
        """Open a device by name, or the only one."""
        info = self.probe()[0]
        if device not in (None, info.name):
            raise DeviceNotFound(f"driver {self.name} has no device {device!r}; its only device is {info.name!r}")
        self.check_options(options)
        return ExampleDevice(info)
