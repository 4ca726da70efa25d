"""The driver: which NPUs there are, real and emulated, and opening them.

Processes that open another driver's device import this module too: it names the others where it needs them.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from npu_hal.api import ApiVersion, Device, DeviceInfo, Driver, DriverOption
from npu_hal_etnaviv.options import OPTIONS, Options

if TYPE_CHECKING:
    from npu_hal.api import Finding


class EtnavivDriver(Driver):
    """Vivante NPUs by the etnaviv kernel driver, and their emulation.

    Devices are named by their render node; emulated ones `emulator:` and the variant.
    """

    name: ClassVar[str] = "etnaviv"
    api_version: ClassVar[ApiVersion] = ApiVersion(1, 1)
    options: ClassVar[tuple[DriverOption, ...]] = OPTIONS

    def probe(self) -> Sequence[DeviceInfo]:
        """The NPUs among the render nodes, nodes that may be one but cannot be used, and the emulated NPUs."""
        from npu_hal_etnaviv.discovery import probe_npus

        return probe_npus()

    def diagnose(self) -> Sequence["Finding"]:
        """The kernel, its module, the render nodes, and who may open them."""
        from npu_hal_etnaviv.kernel.diagnosis import diagnose

        return list(diagnose())

    def open(self, device: str | None = None, options: Mapping[str, str] | None = None) -> Device:
        """Open an NPU by name, or the first real one.

        Raises DeviceNotFound or DevicePermission, which say what is missing, InvalidOption, DeviceLost.
        """
        from npu_hal_etnaviv.opening import open_npu

        return open_npu(device, Options.parse(self.check_options(options)), self.name)
