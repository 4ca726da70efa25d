"""Ranges and scales of quantised tensors, as kernels use them."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from npu_hal.api import Activation, Array, DType, Tensor
from npu_hal_software.reference.fixed_point import INT32_MAX, FixedPointMultiplier, Integers, round_half_away


def scale_of(tensor: Tensor) -> np.float32:
    """The scale of a tensor that is quantised per tensor."""
    return np.float32(tensor.affine().scale)


def zero_point_of(tensor: Tensor) -> int:
    """The zero point of a tensor that is quantised per tensor."""
    return tensor.affine().zero_point


def activation_range(activation: Activation, output: Tensor) -> tuple[int, int]:
    """Smallest and largest stored value of an 8-bit output under a fused activation.

    A real bound b is stored as ``zero_point + round(b / scale)``, quotient in float32, ties away from zero.
    """
    low, high = output.dtype.integer_range
    lower, upper = activation.bounds
    if np.isfinite(lower):
        low = max(low, _store(lower, output))
    if np.isfinite(upper):
        high = min(high, _store(upper, output))
    return low, high


def _store(real: float, tensor: Tensor) -> int:
    steps = np.asarray(np.float32(real) / scale_of(tensor), np.float64)
    return zero_point_of(tensor) + int(round_half_away(np.clip(steps, -INT32_MAX, INT32_MAX)))


def range_of(dtype: DType, activation: Activation) -> tuple[float, float]:
    """Bounds of a fused activation over numbers that are not quantised: float32, and int32 within its range."""
    lower, upper = activation.bounds
    if dtype is DType.FLOAT32:
        return lower, upper
    low, high = dtype.integer_range
    return (
        max(low, int(lower)) if np.isfinite(lower) else low,
        min(high, int(upper)) if np.isfinite(upper) else high,
    )


@dataclass(frozen=True, slots=True)
class OutputStage:
    """From accumulators to stored values: ``clamp(zero_point + round(accumulator * multiplier), low, high)``."""

    multiplier: FixedPointMultiplier
    zero_point: int
    low: int
    high: int
    rounds_once: bool = False

    @classmethod
    def to(
        cls,
        output: Tensor,
        real_multiplier: Any,
        activation: Activation = Activation.NONE,
        rounds_once: bool = False,
    ) -> "OutputStage":
        """The stage that ends in `output`, quantised per tensor; `real_multiplier` is a scalar or one a channel."""
        low, high = activation_range(activation, output)
        multiplier = FixedPointMultiplier.from_real(real_multiplier)
        return cls(multiplier, zero_point_of(output), low, high, rounds_once)

    def apply(self, accumulators: NDArray[Any]) -> Integers:
        """Stored values, in int64."""
        if self.rounds_once:
            values = self.multiplier.multiply_rounding_once(accumulators)
        else:
            values = self.multiplier.multiply(accumulators)
        values += self.zero_point
        np.clip(values, self.low, self.high, out=values)
        return values

    def store(self, accumulators: NDArray[Any], output: Array) -> None:
        """Write the stored values to `output`, of the same shape."""
        output[...] = self.apply(accumulators)


def multiplier_problem(reals: Any) -> str:
    """Why fixed-point arithmetic cannot multiply by `reals`, or ""."""
    largest = float(np.max(reals, initial=0.0))
    if not np.isfinite(reals).all() or largest >= 2.0**31:
        return f"its scales ask for a multiplication by {largest:g}; fixed-point arithmetic ends below 2**31"
    return ""
