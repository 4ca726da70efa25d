"""Cutting a sequence into overlapping pieces."""

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

_Element = TypeVar("_Element", bound=np.generic)


def frames(sequence: NDArray[_Element], length: int, step: int) -> NDArray[_Element]:
    """The whole pieces of `length` elements at every `step`-th element of the first dimension.

    ``[pieces, length, ...]``, a read-only view; no pieces if the sequence is shorter than one.
    """
    if len(sequence) < length:
        return np.empty((0, length, *sequence.shape[1:]), sequence.dtype)
    windows = np.lib.stride_tricks.sliding_window_view(sequence, length, axis=0)[::step]
    return np.moveaxis(windows, -1, 1)


def padded(sequence: NDArray[_Element], length: int) -> NDArray[_Element]:
    """The sequence followed by zeros up to `length`, if it is shorter."""
    missing = max(0, length - len(sequence))
    return np.pad(sequence, [(0, missing)] + [(0, 0)] * (sequence.ndim - 1))
