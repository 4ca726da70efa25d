"""mmap(2) of a buffer object as a numpy array that unmaps itself.

Python's own `mmap` duplicates the file descriptor for each mapping, which a device with hundreds of buffers can not
afford; and an array over a bare address would dangle after munmap. Here the array keeps the mapping alive.
"""

import ctypes
import mmap
import os
import weakref

import numpy as np
from numpy.typing import NDArray

_libc = ctypes.CDLL(None, use_errno=True)
_libc.mmap.argtypes = (
    ctypes.c_void_p,
    ctypes.c_size_t,
    ctypes.c_int,
    ctypes.c_int,
    ctypes.c_int,
    ctypes.c_int64,
)
_libc.mmap.restype = ctypes.c_void_p
_libc.munmap.argtypes = (ctypes.c_void_p, ctypes.c_size_t)
_libc.munmap.restype = ctypes.c_int
_MAP_FAILED = ctypes.c_void_p(-1).value


class _Mapping:
    """What numpy needs to see the memory; arrays made of it hold a reference to it."""

    def __init__(self, address: int, size: int) -> None:
        self.__array_interface__ = {
            "shape": (size,),
            "typestr": "|u1",
            "data": (address, False),
            "version": 3,
        }


def map_shared(descriptor: int, offset: int, size: int) -> NDArray[np.uint8]:
    """Map `size` bytes of a file for reading and writing: uint8, shape [size].

    The mapping is undone exactly once, when neither the array nor any view of it is left. Raises OSError.
    """
    address = _libc.mmap(None, size, mmap.PROT_READ | mmap.PROT_WRITE, mmap.MAP_SHARED, descriptor, offset)
    if address is None or address == _MAP_FAILED:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    mapping = _Mapping(address, size)
    weakref.finalize(mapping, _libc.munmap, address, size).atexit = False
    return np.asarray(mapping)
