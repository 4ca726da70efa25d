"""Opening an NPU by name: a render node, or an emulated core."""

from pathlib import Path

from npu_hal.api.errors import DeviceNotFound, DevicePermission
from npu_hal_etnaviv.emulator.emulated_interface import DEVICE_PREFIX, open_emulator
from npu_hal_etnaviv.hardware.npu_core import NpuCore, npu_core_identified
from npu_hal_etnaviv.kernel.drm.drm_interface import DrmInterface
from npu_hal_etnaviv.kernel.drm.render_node import NodeSearch, Rejection, find_nodes
from npu_hal_etnaviv.kernel.interface import CoreIdentity, KernelInterface


def find_npus(folder: Path | None = None) -> NodeSearch:
    """The known NPUs behind the render nodes of a folder, by default that of TEFLON_DRM_DIR, else /dev/dri."""
    return find_nodes(lambda identity: npu_core_identified(*identity) is not None, folder)


def core_of(identity: CoreIdentity) -> NpuCore:
    """The constants of an opened core. Raises DeviceNotFound if the core is not a known NPU."""
    core = npu_core_identified(*identity)
    if core is None:
        raise DeviceNotFound(f"the core with {identity} is no known NPU: use one that `npu-hal devices` lists")
    return core


def open_device(name: str | None = None) -> KernelInterface:
    """Open a device.

    name: `emulator:NAME`, a render node by its path or file name, or None for the first NPU there is.
    Raises DeviceNotFound if there is no such device, DevicePermission if this user may not open it.
    """
    if name is not None and name.startswith(DEVICE_PREFIX):
        return open_emulator(name)
    search = find_npus()
    for node in search.found:
        if name in (None, str(node.path), node.path.name):
            return DrmInterface(node)
    if name is None:
        forbidden = any(node.rejection is Rejection.PERMISSION for node in search.rejected)
        raise (DevicePermission if forbidden else DeviceNotFound)(search.missing_reason())
    for rejected in search.rejected:
        if name in (str(rejected.path), rejected.path.name):
            error = DevicePermission if rejected.rejection is Rejection.PERMISSION else DeviceNotFound
            raise error(f"the device {name} was asked for, and it is of no use: {rejected.reason}")
    known = ", ".join(str(node.path) for node in search.found) or "none"
    raise DeviceNotFound(
        f"the device {name} was asked for, and there is no such render node; NPUs there are: {known}; emulated ones "
        f"are named {DEVICE_PREFIX}NAME, as {DEVICE_PREFIX}a311d"
    )
