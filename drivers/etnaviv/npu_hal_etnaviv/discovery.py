"""Which NPUs there are, real and emulated."""

from collections.abc import Iterator, Sequence

from npu_hal.api import DeviceInfo, DeviceKind
from npu_hal_etnaviv.emulator.emulated_interface import DEVICE_PREFIX
from npu_hal_etnaviv.hardware.npu_core import ALIASES, NpuCore, npu_core_named, npu_cores
from npu_hal_etnaviv.kernel.devices import core_of, find_npus
from npu_hal_etnaviv.kernel.drm.render_node import Rejection

PROMISING = (Rejection.PERMISSION, Rejection.KERNEL_TOO_OLD, Rejection.NO_SOFTPIN)
"""Why a node that may well be an NPU is not usable."""


def probe_npus() -> Sequence[DeviceInfo]:
    """The NPUs among the render nodes, nodes that may be one but cannot be used, and the emulated NPUs."""
    search = find_npus()
    found = [describe_npu(str(node.path), DeviceKind.NPU, core_of(node.identity)) for node in search.found]
    unusable = [
        DeviceInfo(str(node.path), DeviceKind.NPU, "a render node", problem=node.reason)
        for node in search.rejected
        if node.rejection in PROMISING
    ]
    return [*found, *unusable, *_emulators()]


def _emulators() -> Iterator[DeviceInfo]:
    """Emulated NPUs: those known by a system on chip first, under its name."""
    known = {npu_core_named(alias).name for alias in ALIASES}
    names = [*ALIASES, *(core.name for core in npu_cores() if core.name not in known)]
    for name in names:
        yield describe_npu(f"{DEVICE_PREFIX}{name}", DeviceKind.EMULATOR, npu_core_named(name))


def describe_npu(name: str, kind: DeviceKind, core: NpuCore) -> DeviceInfo:
    """What is told of a device that is there."""
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
