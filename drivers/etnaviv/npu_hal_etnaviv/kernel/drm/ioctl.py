"""ioctl(2) with retries, and what its error numbers mean in the words of `npu_hal.api.errors`."""

import ctypes
import errno
import os
import time

from npu_hal.api.errors import (
    DeviceLost,
    DeviceNotFound,
    DevicePermission,
    DeviceTimeout,
    NpuHalError,
    OutOfDeviceMemory,
)
from npu_hal_etnaviv.kernel.drm.uapi import Ioctl

RETRY_SECONDS = 5.0
"""How long an interrupted call is repeated: a storm of signals must not hang the caller for ever."""

_PATIENT_RETRIES = 100
"""Repetitions without a pause; after them each is preceded by a pause of a millisecond."""

_libc = ctypes.CDLL(None, use_errno=True)
_libc.ioctl.argtypes = (ctypes.c_int, ctypes.c_ulong, ctypes.c_void_p)
_libc.ioctl.restype = ctypes.c_int


def ioctl(descriptor: int, request: Ioctl, argument: ctypes.Structure, deadline: float | None = None) -> None:
    """Call ioctl(2), repeating it when a signal interrupts it (EINTR) or the kernel asks for it (EAGAIN).

    deadline: a time of `time.monotonic` after which it is no longer repeated; by default `RETRY_SECONDS`
    from now.
    Raises OSError with the error number; EINTR or EAGAIN if it did not get through until the deadline.
    """
    if deadline is None:
        deadline = time.monotonic() + RETRY_SECONDS
    tries = 0
    while _libc.ioctl(descriptor, request, ctypes.byref(argument)) < 0:
        number = ctypes.get_errno()
        if number not in (errno.EINTR, errno.EAGAIN) or (tries and time.monotonic() >= deadline):
            raise OSError(number, os.strerror(number))
        tries += 1
        if tries > _PATIENT_RETRIES:
            time.sleep(0.001)


def error_in_words(error: OSError, what: str, where: str) -> NpuHalError:
    """The exception for a failed system call.

    what: what was asked, as a phrase that ends a sentence ("allocating 4096 bytes").
    where: the node, such as /dev/dri/renderD128.
    """
    number = error.errno or 0
    name = errno.errorcode.get(number, str(number))
    said = f"{what} on {where} failed: {os.strerror(number)} ({name})"
    match number:
        case errno.ENODEV | errno.EIO | errno.ENXIO:
            return DeviceLost(f"{said}; the NPU is gone or was reset: open it again, and see `dmesg`")
        case errno.ENOENT:
            return DeviceNotFound(f"{said}; see that the kernel module etnaviv is loaded (`modprobe etnaviv`)")
        case errno.ETIMEDOUT | errno.EBUSY | errno.EINTR | errno.EAGAIN:
            return DeviceTimeout(f"{said}; the NPU did not get to it in time: try again, and see `dmesg`")
        case errno.ENOMEM | errno.ENOSPC | errno.EMFILE | errno.ENFILE:
            return OutOfDeviceMemory(f"{said}; close what is not needed, or enlarge the CMA area (`cma=`)")
        case errno.EACCES | errno.EPERM:
            return DevicePermission(f"{said}; {permission_advice()}")
        case _:
            return DeviceLost(f"{said}; the kernel refused the request: see `dmesg`")


def permission_advice() -> str:
    """How a user gets to open render nodes."""
    return (
        "add the user to the group render (on some systems video) with "
        "`sudo usermod -aG render $USER`, and log in again"
    )
