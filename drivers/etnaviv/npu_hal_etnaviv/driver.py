"""The driver: which NPUs there are, real and emulated, and opening them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar

from npu_hal.api import (
    API_VERSION,
    ApiVersion,
    Device,
    DeviceInfo,
    DeviceKind,
    DeviceNotFound,
    DevicePermission,
    Driver,
    DriverOption,
)
from npu_hal_etnaviv.device import EtnavivDevice
from npu_hal_etnaviv.emulator.emulated_interface import DEVICE_PREFIX, open_emulator
from npu_hal_etnaviv.hardware.npu_core import ALIASES, NpuCore, npu_core_identified, npu_core_named, npu_cores
from npu_hal_etnaviv.kernel.drm.drm_interface import DrmInterface
from npu_hal_etnaviv.kernel.drm.render_node import EMULATOR_ADVICE, NodeSearch, NpuNode, Rejection, find_nodes
from npu_hal_etnaviv.kernel.interface import CoreIdentity, KernelInterface
from npu_hal_etnaviv.options import OPTIONS, Options

PROMISING = (Rejection.PERMISSION, Rejection.KERNEL_TOO_OLD, Rejection.NO_SOFTPIN)
"""Why a node that may well be an NPU is not usable."""


class EtnavivDriver(Driver):
    """Vivante NPUs by the etnaviv kernel driver, and their emulation.

    Devices are named by their render node, with `:` and the pipe where a node has several NPUs; emulated ones
    `emulator:` and the variant.
    """

    name: ClassVar[str] = "etnaviv"
    api_version: ClassVar[ApiVersion] = API_VERSION
    options: ClassVar[tuple[DriverOption, ...]] = OPTIONS

    def probe(self) -> Sequence[DeviceInfo]:
        """The NPUs among the render nodes, nodes that may be one but cannot be used, and the emulated NPUs."""
        search = _search()
        found = [_node_info(name, node) for name, node in _named(search)]
        unusable = [
            DeviceInfo(str(node.path), DeviceKind.NPU, "a render node", problem=node.reason)
            for node in search.rejected
            if node.rejection in PROMISING
        ]
        return [*found, *unusable, *_emulators()]

    def open(self, device: str | None = None, options: Mapping[str, str] | None = None) -> Device:
        """Open an NPU by name, or the first real one.

        Raises DeviceNotFound or DevicePermission, which say what is missing, InvalidOption, DeviceLost.
        """
        checked = Options.parse(self.check_options(options))
        kernel: KernelInterface
        if device is not None and device.startswith(DEVICE_PREFIX):
            emulated = open_emulator(device)
            info, core, kernel = _emulator_info(device, emulated.core), emulated.core, emulated
        else:
            name, node = _find(device)
            info, core, kernel = _node_info(name, node), _core(node), DrmInterface(node)
        try:
            return EtnavivDevice(info, core, kernel, checked)
        except BaseException:
            kernel.close()
            raise


def _search() -> NodeSearch:
    return find_nodes(_is_npu)


def _is_npu(identity: CoreIdentity) -> bool:
    core = npu_core_identified(*identity)
    return core is not None and core.nn_core_count > 0


def _core(node: NpuNode) -> NpuCore:
    core = npu_core_identified(*node.identity)
    if core is None:
        raise AssertionError(f"{node.path} was found although it is no known NPU: {node.identity}")
    return core


def _named(search: NodeSearch) -> Iterator[tuple[str, NpuNode]]:
    paths = [node.path for node in search.found]
    for node in search.found:
        yield str(node.path) if paths.count(node.path) == 1 else f"{node.path}:{node.pipe}", node


def _find(device: str | None) -> tuple[str, NpuNode]:
    search = _search()
    named = dict(_named(search))
    if device is None:
        if named:
            return next(iter(named.items()))
        if any(node.rejection is Rejection.PERMISSION for node in search.rejected):
            raise DevicePermission(search.missing_reason())
        raise DeviceNotFound(search.missing_reason())
    if device in named:
        return device, named[device]
    for node in search.rejected:
        if str(node.path) == device:
            error = DevicePermission if node.rejection is Rejection.PERMISSION else DeviceNotFound
            raise error(f"{device} is no NPU that can be used: {node.reason}; {EMULATOR_ADVICE}")
    known = ", ".join([*named, *(info.name for info in _emulators())])
    raise DeviceNotFound(f"the etnaviv driver has no device {device!r}; it has: {known}")


def _node_info(name: str, node: NpuNode) -> DeviceInfo:
    core = _core(node)
    return DeviceInfo(name, DeviceKind.NPU, f"{core.name}, pipe {node.pipe} of {node.path}", details=_details(core))


def _emulators() -> Iterator[DeviceInfo]:
    """Emulated NPUs: those known by a system on chip first, under its name."""
    known = {npu_core_named(alias).name for alias in ALIASES}
    for alias in ALIASES:
        yield _emulator_info(f"{DEVICE_PREFIX}{alias}", npu_core_named(alias))
    for core in npu_cores():
        if core.name not in known:
            yield _emulator_info(f"{DEVICE_PREFIX}{core.name}", core)


def _emulator_info(name: str, core: NpuCore) -> DeviceInfo:
    return DeviceInfo(name, DeviceKind.EMULATOR, f"an emulated {core.name}", details=_details(core))


def _details(core: NpuCore) -> dict[str, str]:
    return {
        "variant": core.name,
        "generation": f"V{core.generation}",
        "NN cores": str(core.nn_core_count),
        "TP cores": str(core.tp_core_count),
        "on-chip memory": f"{core.on_chip_sram_size // 1024} KiB",
    }
