"""Finding NPUs among the render nodes, and saying why a node is none."""

import contextlib
import ctypes
import errno
import os
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from npu_hal_etnaviv.kernel.drm import uapi
from npu_hal_etnaviv.kernel.drm.ioctl import ioctl, permission_advice
from npu_hal_etnaviv.kernel.interface import CoreIdentity

FOLDER_VARIABLE = "TEFLON_DRM_DIR"
"""Environment variable that names another folder of render nodes than /dev/dri, as in a container."""

DEFAULT_FOLDER = Path("/dev/dri")
SYSFS_DRM = Path("/sys/class/drm")

EMULATOR_ADVICE = "without the hardware, an emulated NPU takes its place: TEFLON_DEVICE=emulator:a311d"


class Rejection(Enum):
    """Why a render node is not an NPU that the driver can use, from the least to the most promising reason."""

    OTHER_DRIVER = "it belongs to another kernel driver"
    UNREADABLE = "it could not be opened"
    ONLY_A_GPU = "it is a GPU without an NPU"
    PERMISSION = "this user may not open it"
    KERNEL_TOO_OLD = "the kernel's etnaviv driver is too old"
    NO_SOFTPIN = "the kernel's etnaviv driver does not let userspace choose addresses"


@dataclass(frozen=True, slots=True)
class NpuNode:
    """An NPU core that can be opened: `pipe` is its number within the node, `softpin_start` its first GPU address."""

    path: Path
    pipe: int
    identity: CoreIdentity
    softpin_start: int


@dataclass(frozen=True, slots=True)
class RejectedNode:
    """A render node that is of no use, with the reason in words and what to do about it."""

    path: Path
    rejection: Rejection
    reason: str


@dataclass(frozen=True, slots=True)
class NodeSearch:
    """What was found in `folder`."""

    folder: Path
    found: tuple[NpuNode, ...]
    rejected: tuple[RejectedNode, ...]

    def missing_reason(self) -> str:
        """Why there is no NPU, what to do about it, and that the emulator needs none."""
        if self.rejected:
            order = list(Rejection)
            nodes = sorted(self.rejected, key=lambda node: -order.index(node.rejection))
            reasons = "; ".join(f"{node.path}: {node.reason}" for node in nodes)
        else:
            reasons = (
                f"{self.folder} holds no render node: load the kernel module with `modprobe etnaviv`, and see that the "
                f"device tree enables the npu node (Linux 6.7 or newer for the A311D, 6.8 for the i.MX 8M Plus)"
            )
        return f"no NPU was found: {reasons}; {EMULATOR_ADVICE}"


def find_nodes(is_npu: Callable[[CoreIdentity], bool], folder: Path | None = None) -> NodeSearch:
    """Examine every render node of a folder (by default that of `TEFLON_DRM_DIR`, else /dev/dri), by name.

    is_npu: whether a core of this identity is a known NPU.
    """
    if folder is None:
        folder = Path(os.environ.get(FOLDER_VARIABLE) or DEFAULT_FOLDER)
    found: list[NpuNode] = []
    rejected: list[RejectedNode] = []
    paths: list[Path] = []
    with contextlib.suppress(OSError):
        paths = [path for path in folder.iterdir() if path.name.startswith("renderD")]
    for path in sorted(paths, key=lambda path: (len(path.name), path.name)):
        result = examine(path, is_npu)
        if isinstance(result, RejectedNode):
            rejected.append(result)
        else:
            found.extend(result)
    return NodeSearch(folder, tuple(found), tuple(rejected))


def examine(path: Path, is_npu: Callable[[CoreIdentity], bool]) -> list[NpuNode] | RejectedNode:
    """The NPU cores of a node, at least one, or why it is of no use."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except OSError as error:
        if error.errno in (errno.EACCES, errno.EPERM):
            other = _other_driver(path)
            if other:
                return RejectedNode(path, Rejection.OTHER_DRIVER, f"{Rejection.OTHER_DRIVER.value}, {other}")
            return RejectedNode(path, Rejection.PERMISSION, f"{Rejection.PERMISSION.value}: {permission_advice()}")
        return RejectedNode(path, Rejection.UNREADABLE, f"{Rejection.UNREADABLE.value}: {error.strerror}")
    try:
        return _examine_opened(path, descriptor, is_npu)
    except OSError as error:
        return RejectedNode(path, Rejection.UNREADABLE, f"it does not answer: {error.strerror}")
    finally:
        os.close(descriptor)


def _examine_opened(
    path: Path, descriptor: int, is_npu: Callable[[CoreIdentity], bool]
) -> list[NpuNode] | RejectedNode:
    try:
        name, version = _driver_version(descriptor)
    except OSError as error:
        if error.errno in (errno.ENOTTY, errno.EINVAL):
            return RejectedNode(path, Rejection.OTHER_DRIVER, "it is no DRM device")
        raise
    if name != uapi.DRIVER_NAME:
        return RejectedNode(path, Rejection.OTHER_DRIVER, f"{Rejection.OTHER_DRIVER.value}, {name}")
    if version < uapi.MINIMUM_VERSION:
        return RejectedNode(
            path,
            Rejection.KERNEL_TOO_OLD,
            f"{Rejection.KERNEL_TOO_OLD.value}: its interface is {version[0]}.{version[1]}, and "
            f"{uapi.MINIMUM_VERSION[0]}.{uapi.MINIMUM_VERSION[1]} is needed; use Linux 6.7 or newer",
        )
    cores = list(_cores(descriptor))
    npus = [(pipe, identity) for pipe, identity in cores if is_npu(identity)]
    if not npus:
        seen = ", ".join(f"pipe {pipe}: {identity}" for pipe, identity in cores) or "no core answers"
        return RejectedNode(path, Rejection.ONLY_A_GPU, f"{Rejection.ONLY_A_GPU.value} that is known ({seen})")
    nodes = []
    for pipe, identity in npus:
        start = _parameter(descriptor, pipe, uapi.Param.SOFTPIN_START_ADDRESS)
        if start is None or start == uapi.NO_SOFTPIN:
            advice = "use a newer kernel, and see that the NPU has an MMU of version 2"
            return RejectedNode(path, Rejection.NO_SOFTPIN, f"{Rejection.NO_SOFTPIN.value} (softpin): {advice}")
        nodes.append(NpuNode(path, pipe, identity, start))
    return nodes


def _other_driver(path: Path) -> str:
    """The name of a node's kernel driver if it is known without opening the node, and not etnaviv; else empty."""
    if path.parent != DEFAULT_FOLDER:
        return ""
    driver = SYSFS_DRM / path.name / "device" / "driver"
    name = driver.resolve().name if driver.exists() else ""
    return "" if name.startswith(uapi.DRIVER_NAME) else name


def _driver_version(descriptor: int) -> tuple[str, tuple[int, int]]:
    buffer = ctypes.create_string_buffer(64)
    version = uapi.Version(name_len=len(buffer) - 1, name=ctypes.addressof(buffer))
    ioctl(descriptor, uapi.Ioctl.VERSION, version)
    name = buffer.raw[: min(version.name_len, len(buffer) - 1)].decode("ascii", "replace")
    return name, (version.version_major, version.version_minor)


def _cores(descriptor: int) -> list[tuple[int, CoreIdentity]]:
    """The cores of a node by pipe; the first pipe that does not exist ends the search."""
    cores = []
    for pipe in range(uapi.MAXIMUM_PIPES):
        model = _parameter(descriptor, pipe, uapi.Param.GPU_MODEL)
        if model is None:
            break
        rest = [
            _parameter(descriptor, pipe, parameter) or 0
            for parameter in (
                uapi.Param.GPU_REVISION,
                uapi.Param.PRODUCT_ID,
                uapi.Param.ECO_ID,
                uapi.Param.CUSTOMER_ID,
            )
        ]
        cores.append((pipe, CoreIdentity(model, *rest)))
    return cores


def _parameter(descriptor: int, pipe: int, parameter: uapi.Param) -> int | None:
    """The value of a parameter, or None where there is no such pipe or parameter."""
    argument = uapi.GetParam(pipe=pipe, param=parameter)
    try:
        ioctl(descriptor, uapi.Ioctl.GET_PARAM, argument)
    except OSError as error:
        if error.errno in (errno.ENXIO, errno.EINVAL):
            return None
        raise
    return int(argument.value)
