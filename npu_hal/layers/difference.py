"""How far a result is from the reference."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from npu_hal.api import Array, Tensor, Tolerance


@dataclass(frozen=True, slots=True)
class Difference:
    """The difference of a tensor from the reference.

    `largest` is in steps of a quantised or integer tensor, or in real units of a float one. `excess` says how many
    times the tolerance that is, more than 1 being too much; `wrong` is the share of elements that are too far.
    """

    largest: float
    excess: float
    wrong: float

    @property
    def is_tolerable(self) -> bool:
        """Whether every element is within the tolerance."""
        return self.excess <= 1


def difference(tensor: Tensor, actual: Array, expected: Array, tolerance: Tolerance) -> Difference:
    """Compare `actual` with `expected`, both of the tensor's shape and dtype."""
    if not actual.size:
        return Difference(0.0, 0.0, 0.0)
    distance = distances(actual, expected)
    allowed: NDArray[np.float64] | float = float(tolerance.steps) if tensor.dtype.is_quantised8 else 0.0
    if tensor.dtype.numpy.kind in "fc":
        allowed = tolerance.absolute + tolerance.relative * np.abs(expected)
    # With no tolerance at all, any difference is half a step too much at least.
    excess = distance / np.nan_to_num(np.maximum(allowed, 0.5 if tensor.dtype.is_integer else 1e-30), nan=1.0)
    return Difference(float(distance.max()), float(excess.max()), float((excess > 1).mean()))


def distances(actual: Array, expected: Array) -> NDArray[np.float64]:
    """Element by element; where only one side is no number, infinity."""
    if actual.dtype.kind in "fc":
        same = (actual == expected) | (np.isnan(actual) & np.isnan(expected))
        distance = (
            np.abs(actual.astype(np.complex128) - expected)
            if actual.dtype.kind == "c"
            else np.abs(actual.astype(np.float64) - expected)
        )
        return np.where(same, 0.0, np.where(np.isnan(distance), np.inf, distance))
    return np.abs(actual.astype(np.float64) - expected.astype(np.float64))
