"""Reading arguments from memory, and writing results to it."""

import ctypes
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from npu_hal_nnapi.codes import OperandCode
from npu_hal_nnapi.errors import bad_data, unexpected_null
from npu_hal_nnapi.operand import MAX_BYTES, OperandType

# Beyond this many dimensions, numpy has no arrays, and no operation is defined.
MAX_RANK = 32


class COperandType(ctypes.Structure):
    """ANeuralNetworksOperandType."""

    _fields_ = (
        ("type", ctypes.c_int32),
        ("dimension_count", ctypes.c_uint32),
        ("dimensions", ctypes.c_size_t),
        ("scale", ctypes.c_float),
        ("zero_point", ctypes.c_int32),
    )


class CChannelQuantization(ctypes.Structure):
    """ANeuralNetworksSymmPerChannelQuantParams."""

    _fields_ = (
        ("channel_dimension", ctypes.c_uint32),
        ("scale_count", ctypes.c_uint32),
        ("scales", ctypes.c_size_t),
    )


def require(address: int, what: str) -> int:
    """An address that is not NULL; UNEXPECTED_NULL if it is."""
    if not address:
        raise unexpected_null(f"{what} is NULL")
    return address


def operand_type(address: int) -> OperandType:
    """The ANeuralNetworksOperandType at an address."""
    given = COperandType.from_address(require(address, "the operand type"))
    if given.dimension_count > MAX_RANK:
        raise bad_data(f"an operand of {given.dimension_count} dimensions is more than the {MAX_RANK} there can be")
    try:
        code = OperandCode(given.type)
    except ValueError:
        raise bad_data(f"{given.type} is no operand type") from None
    return OperandType(code, indices(given.dimensions, given.dimension_count), given.scale, given.zero_point)


def indices(address: int, count: int) -> tuple[int, ...]:
    """`count` numbers of type uint32_t."""
    if not count:
        return ()
    return tuple((ctypes.c_uint32 * count).from_address(require(address, "an array")))


def addresses(address: int, count: int) -> tuple[int, ...]:
    """`count` pointers."""
    if not count:
        return ()
    return tuple((ctypes.c_size_t * count).from_address(require(address, "an array of pointers")))


def optional_buffer(address: int, length: int) -> NDArray[np.uint8] | None:
    """`length` bytes in place, None for NULL and no bytes."""
    if not address:
        if length:
            raise unexpected_null(f"a buffer of {length} bytes is NULL")
        return None
    return _buffer(address, length)


# Clients use the same buffers again and again. A view owns nothing, so keeping one of memory that is gone does no harm.
@lru_cache(maxsize=1024)
def _buffer(address: int, length: int) -> NDArray[np.uint8]:
    if length > MAX_BYTES:
        raise bad_data(f"a buffer of {length} bytes does not fit 32 bits")
    if not length:
        return np.empty(0, np.uint8)
    return np.frombuffer(memoryview((ctypes.c_uint8 * length).from_address(address)), np.uint8)


def store(kind: Any, address: int, value: int) -> None:
    """Write a number of a ctypes type to an address that was checked."""
    kind.from_address(address).value = value
