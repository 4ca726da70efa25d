"""Binary layouts and numbers of the etnaviv DRM driver's interface.

Source: the kernel's public headers drm.h and etnaviv_drm.h. Everything is little-endian on the machines that
have these NPUs; the structures are laid out by the C compiler's natural alignment, which ctypes follows.
"""

import ctypes
from enum import IntEnum, IntFlag

DRIVER_NAME = "etnaviv"
MINIMUM_VERSION = (1, 4)
"""The first version with softpin and the product, customer and eco ids."""

MAXIMUM_PIPES = 4
NO_SOFTPIN = (1 << 64) - 1
"""The value of SOFTPIN_START_ADDR where userspace can not choose addresses."""


class Param(IntEnum):
    """What GET_PARAM can be asked for, as far as the driver needs it."""

    GPU_MODEL = 0x01
    GPU_REVISION = 0x02
    SOFTPIN_START_ADDRESS = 0x1B
    PRODUCT_ID = 0x1C
    CUSTOMER_ID = 0x1D
    ECO_ID = 0x1E


class PrepFlags(IntFlag):
    """Operations of GEM_CPU_PREP."""

    READ = 1
    WRITE = 2
    NOSYNC = 4


class SubmitFlags(IntFlag):
    """Flags of GEM_SUBMIT."""

    NO_IMPLICIT = 1
    FENCE_FD_IN = 2
    FENCE_FD_OUT = 4
    SOFTPIN = 8


class ExecState(IntEnum):
    """The execution state that a submit starts in. The NPU is driven in the 3D state."""

    PIPE_3D = 0


class Version(ctypes.Structure):
    """DRM_IOCTL_VERSION: lengths are those of the caller's buffers going in, those of the strings coming out."""

    _fields_ = (
        ("version_major", ctypes.c_int),
        ("version_minor", ctypes.c_int),
        ("version_patchlevel", ctypes.c_int),
        ("name_len", ctypes.c_size_t),
        ("name", ctypes.c_void_p),
        ("date_len", ctypes.c_size_t),
        ("date", ctypes.c_void_p),
        ("desc_len", ctypes.c_size_t),
        ("desc", ctypes.c_void_p),
    )


class GemClose(ctypes.Structure):
    """DRM_IOCTL_GEM_CLOSE."""

    _fields_ = (("handle", ctypes.c_uint32), ("pad", ctypes.c_uint32))


class Timespec(ctypes.Structure):
    """An absolute time of CLOCK_MONOTONIC."""

    _fields_ = (("tv_sec", ctypes.c_int64), ("tv_nsec", ctypes.c_int64))


class GetParam(ctypes.Structure):
    """DRM_IOCTL_ETNAVIV_GET_PARAM."""

    _fields_ = (("pipe", ctypes.c_uint32), ("param", ctypes.c_uint32), ("value", ctypes.c_uint64))


class GemNew(ctypes.Structure):
    """DRM_IOCTL_ETNAVIV_GEM_NEW."""

    _fields_ = (("size", ctypes.c_uint64), ("flags", ctypes.c_uint32), ("handle", ctypes.c_uint32))


class GemInfo(ctypes.Structure):
    """DRM_IOCTL_ETNAVIV_GEM_INFO: `offset` is what mmap(2) takes."""

    _fields_ = (("handle", ctypes.c_uint32), ("pad", ctypes.c_uint32), ("offset", ctypes.c_uint64))


class GemCpuPrep(ctypes.Structure):
    """DRM_IOCTL_ETNAVIV_GEM_CPU_PREP."""

    _fields_ = (("handle", ctypes.c_uint32), ("op", ctypes.c_uint32), ("timeout", Timespec))


class GemCpuFini(ctypes.Structure):
    """DRM_IOCTL_ETNAVIV_GEM_CPU_FINI."""

    _fields_ = (("handle", ctypes.c_uint32), ("flags", ctypes.c_uint32))


class GemSubmitBo(ctypes.Structure):
    """One buffer of a submit; with softpin `presumed` is its GPU address."""

    _fields_ = (("flags", ctypes.c_uint32), ("handle", ctypes.c_uint32), ("presumed", ctypes.c_uint64))


class GemSubmit(ctypes.Structure):
    """DRM_IOCTL_ETNAVIV_GEM_SUBMIT."""

    _fields_ = (
        ("fence", ctypes.c_uint32),
        ("pipe", ctypes.c_uint32),
        ("exec_state", ctypes.c_uint32),
        ("nr_bos", ctypes.c_uint32),
        ("nr_relocs", ctypes.c_uint32),
        ("stream_size", ctypes.c_uint32),
        ("bos", ctypes.c_uint64),
        ("relocs", ctypes.c_uint64),
        ("stream", ctypes.c_uint64),
        ("flags", ctypes.c_uint32),
        ("fence_fd", ctypes.c_int32),
        ("pmrs", ctypes.c_uint64),
        ("nr_pmrs", ctypes.c_uint32),
        ("pad", ctypes.c_uint32),
    )


class WaitFence(ctypes.Structure):
    """DRM_IOCTL_ETNAVIV_WAIT_FENCE."""

    _fields_ = (
        ("pipe", ctypes.c_uint32),
        ("fence", ctypes.c_uint32),
        ("flags", ctypes.c_uint32),
        ("pad", ctypes.c_uint32),
        ("timeout", Timespec),
    )


def _request(number: int, structure: type[ctypes.Structure], *, reads: bool, writes: bool) -> int:
    """The ioctl request of asm-generic/ioctl.h: direction, size of the structure, type 'd', number."""
    direction = (2 if reads else 0) | (1 if writes else 0)
    return direction << 30 | ctypes.sizeof(structure) << 16 | ord("d") << 8 | number


class Ioctl(IntEnum):
    """The requests, named as the kernel names them without their prefix."""

    VERSION = _request(0x00, Version, reads=True, writes=True)
    GEM_CLOSE = _request(0x09, GemClose, reads=False, writes=True)
    GET_PARAM = _request(0x40, GetParam, reads=True, writes=True)
    GEM_NEW = _request(0x42, GemNew, reads=True, writes=True)
    GEM_INFO = _request(0x43, GemInfo, reads=True, writes=True)
    GEM_CPU_PREP = _request(0x44, GemCpuPrep, reads=False, writes=True)
    GEM_CPU_FINI = _request(0x45, GemCpuFini, reads=False, writes=True)
    GEM_SUBMIT = _request(0x46, GemSubmit, reads=True, writes=True)
    WAIT_FENCE = _request(0x47, WaitFence, reads=False, writes=True)
