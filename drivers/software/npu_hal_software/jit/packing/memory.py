"""Aligned memory for constants, with room behind it that kernels may read."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

ALIGNMENT = 64
# Kernels read whole vectors, also over the end of a tensor; this many bytes behind every buffer are theirs to read
# and, behind activations, to overwrite.
SLACK = 256


def align(size: int) -> int:
    """`size` rounded up to the alignment."""
    return -(-size // ALIGNMENT) * ALIGNMENT


def allocate(size: int) -> NDArray[np.uint8]:
    """Zeroed, aligned memory of `size` bytes with slack behind it."""
    memory = np.zeros(size + SLACK + ALIGNMENT, np.uint8)
    start = -memory.ctypes.data % ALIGNMENT
    return memory[start : start + size]


def aligned_copy(array: np.ndarray[Any, Any]) -> NDArray[np.uint8]:
    """The bytes of `array` in memory of `allocate`."""
    data = np.ascontiguousarray(array)
    memory = allocate(data.nbytes)
    memory[:] = data.reshape(-1).view(np.uint8)
    return memory
