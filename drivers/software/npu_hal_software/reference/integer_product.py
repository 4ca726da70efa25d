"""Exact products of integer matrices at the speed of floating point.

BLAS multiplies float matrices only. A float32 holds every integer up to 2**24, so a product of integer matrices is
exact in float32 if no partial sum can exceed that, whatever the order of summation and with or without fused
multiply-add. The inner dimension is cut where the weights could make it so; the pieces are summed as integers.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

EXACT_FLOAT32 = 1 << 24


@dataclass(frozen=True, slots=True)
class IntegerMatrix:
    """A matrix ``[K, O]`` of integers, made ready to be multiplied from the left.

    Each piece is (start, stop, float32 rows start..stop of the matrix).
    """

    pieces: tuple[tuple[int, int, NDArray[np.float32]], ...]
    columns: int

    @classmethod
    def for_factors_up_to(cls, magnitude: int, matrix: NDArray[Any]) -> "IntegerMatrix":
        """Ready for left operands whose absolute values are at most `magnitude`.

        A single product must not exceed 2**24: `magnitude` times the largest absolute value of `matrix`.
        """
        bounds = np.zeros((matrix.shape[0] + 1, matrix.shape[1]), np.int64)
        np.cumsum(np.abs(matrix.astype(np.int64)) * magnitude, axis=0, out=bounds[1:])
        pieces = []
        start = 0
        while start < matrix.shape[0]:
            largest = (bounds[start:] - bounds[start]).max(axis=1, initial=0)
            stop = start + int(np.searchsorted(largest, EXACT_FLOAT32, side="right")) - 1
            pieces.append((start, stop, np.ascontiguousarray(matrix[start:stop], np.float32)))
            start = stop
        return cls(tuple(pieces), matrix.shape[1])

    def multiplied_from_left(self, left: NDArray[np.float32]) -> NDArray[np.int32]:
        """``left @ matrix``, exact modulo 2**32; `left` is ``[M, K]`` and holds integers."""
        total = np.zeros((left.shape[0], self.columns), np.int32)
        for start, stop, rows in self.pieces:
            total += (left[:, start:stop] @ rows).astype(np.int32)
        return total
