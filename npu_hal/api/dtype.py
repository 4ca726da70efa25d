"""Element types of tensors."""

from enum import StrEnum
from functools import cache

import numpy as np


class DType(StrEnum):
    """The type of a tensor's elements; the value is numpy's name of it."""

    BOOL = "bool"
    UINT8 = "uint8"
    INT8 = "int8"
    INT16 = "int16"
    INT32 = "int32"
    INT64 = "int64"
    FLOAT32 = "float32"
    COMPLEX64 = "complex64"

    def __init__(self, name: str) -> None:
        # Asked for at every inference; making one takes ten times as long.
        self._numpy: np.dtype[np.generic] = np.dtype(name)

    @property
    def numpy(self) -> np.dtype[np.generic]:
        """The numpy dtype, in the machine's byte order."""
        return self._numpy

    @property
    def itemsize(self) -> int:
        """Bytes per element."""
        return self.numpy.itemsize

    @property
    def is_integer(self) -> bool:
        """Whether elements are integers (booleans are not)."""
        return self.numpy.kind in "iu"

    @property
    def is_quantised8(self) -> bool:
        """Whether this is one of the two types of 8-bit quantised tensors."""
        return self in (DType.UINT8, DType.INT8)

    @property
    def integer_range(self) -> tuple[int, int]:
        """Smallest and largest value of an integer type; ValueError for others."""
        return _integer_range(self)


@cache
def _integer_range(dtype: DType) -> tuple[int, int]:
    info = np.iinfo(dtype.value)
    return int(info.min), int(info.max)
