"""The driver: which NPUs there are, real and emulated, and opening them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar

from npu_hal.api import ApiVersion, Device, DeviceInfo, DeviceKind, Driver, DriverOption, Finding
from npu_hal_etnaviv.device import EtnavivDevice
from npu_hal_etnaviv.emulator.emulated_interface import DEVICE_PREFIX, EmulatedInterface
from npu_hal_etnaviv.hardware.npu_core import ALIASES, NpuCore, npu_core_named, npu_cores
from npu_hal_etnaviv.kernel.devices import core_of, find_npus, open_device
from npu_hal_etnaviv.kernel.diagnosis import diagnose
from npu_hal_etnaviv.kernel.drm.render_node import Rejection
from npu_hal_etnaviv.kernel.dump import RecordingInterface
from npu_hal_etnaviv.options import OPTIONS, Options

PROMISING = (Rejection.PERMISSION, Rejection.KERNEL_TOO_OLD, Rejection.NO_SOFTPIN)
"""Why a node that may well be an NPU is not usable."""


class EtnavivDriver(Driver):
    """Vivante NPUs by the etnaviv kernel driver, and their emulation.

    Devices are named by their render node; emulated ones `emulator:` and the variant.
    """

    name: ClassVar[str] = "etnaviv"
    api_version: ClassVar[ApiVersion] = ApiVersion(1, 1)
    options: ClassVar[tuple[DriverOption, ...]] = OPTIONS

    def probe(self) -> Sequence[DeviceInfo]:
        """The NPUs among the render nodes, nodes that may be one but cannot be used, and the emulated NPUs."""
        search = find_npus()
        found = [_info(str(node.path), DeviceKind.NPU, core_of(node.identity)) for node in search.found]
        unusable = [
            DeviceInfo(str(node.path), DeviceKind.NPU, "a render node", problem=node.reason)
            for node in search.rejected
            if node.rejection in PROMISING
        ]
        return [*found, *unusable, *_emulators()]

    def diagnose(self) -> Sequence[Finding]:
        """The kernel, its module, the render nodes, and who may open them."""
        return list(diagnose())

    def open(self, device: str | None = None, options: Mapping[str, str] | None = None) -> Device:
        """Open an NPU by name, or the first real one.

        Raises DeviceNotFound or DevicePermission, which say what is missing, InvalidOption, DeviceLost.
        """
        checked = Options.parse(self.check_options(options))
        kernel = open_device(device)
        try:
            core = core_of(kernel.identity)
            kind = DeviceKind.EMULATOR if isinstance(kernel, EmulatedInterface) else DeviceKind.NPU
            info = _info(device or self.name, kind, core)
            if checked.dump is not None:
                kernel = RecordingInterface(kernel, checked.dump)
            return EtnavivDevice(info, core, kernel, checked)
        except BaseException:
            kernel.close()
            raise


def _emulators() -> Iterator[DeviceInfo]:
    """Emulated NPUs: those known by a system on chip first, under its name."""
    known = {npu_core_named(alias).name for alias in ALIASES}
    names = [*ALIASES, *(core.name for core in npu_cores() if core.name not in known)]
    for name in names:
        yield _info(f"{DEVICE_PREFIX}{name}", DeviceKind.EMULATOR, npu_core_named(name))


def _info(name: str, kind: DeviceKind, core: NpuCore) -> DeviceInfo:
    description = f"{core.vendor} {core.product}" + (f" of {core.soc}" if core.soc else "")
    return DeviceInfo(
        name,
        kind,
        f"emulated {description}" if kind is DeviceKind.EMULATOR else description,
        details={
            "variant": core.name,
            "generation": f"V{core.generation}",
            "NN cores": str(core.nn_core_count),
            "TP cores": str(core.tp_core_count),
            "on-chip memory": f"{core.on_chip_sram_size // 1024} KiB",
        },
    )
