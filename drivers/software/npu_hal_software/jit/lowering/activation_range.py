"""Clamps of fused activations, and the requantisation fields of records."""

import numpy as np

from npu_hal.api import Activation, Tensor
from npu_hal_software.jit.packing.requantisation import Multipliers
from npu_hal_software.jit.packing.rounding_line import RoundingLine
from npu_hal_software.jit.program import stored_offset, stored_zero_point
from npu_hal_software.jit.record import CLAMPS_NEGATIVE, FOLLOWS_LINE, SHIFTS_LEFT
from npu_hal_software.jit.requantise import Rounding


def stored_range(tensor: Tensor, activation: Activation, rounding: Rounding) -> tuple[int, int]:
    """Smallest and largest stored byte of an output with a fused activation.

    Bounds are quantised in single precision: TensorFlow Lite rounds the quotient half away from zero
    (CalculateActivationRangeQuantized), XNNPACK its sum with the zero point half to even.
    """
    low, high = activation.bounds
    zero_point = tensor.affine().zero_point

    def quantised(value: float) -> int:
        ratio = np.float32(value) / np.float32(tensor.affine().scale)
        if rounding == "xnnpack":
            return stored_offset(tensor) + int(np.rint(ratio + np.float32(zero_point)))
        return stored_zero_point(tensor) + int(np.trunc(float(ratio) + np.copysign(0.5, float(ratio))))

    smallest = 0 if np.isneginf(low) else max(0, min(quantised(low), 1 << 20))
    largest = 255 if np.isposinf(high) else min(255, max(quantised(high), -(1 << 20)))
    return smallest, largest


def requantisation_fields(
    tensor: Tensor,
    activation: Activation,
    multipliers: Multipliers | None,
    rounding: Rounding,
    line: RoundingLine | None = None,
) -> dict[str, int]:
    """The fields `flags`, `zero_point`, `low` and `high` for an output tensor."""
    low, high = stored_range(tensor, activation, rounding)
    zero_point = stored_zero_point(tensor)
    flags = 0
    if line is not None:
        flags |= FOLLOWS_LINE
    elif multipliers is not None and multipliers.shifts_left:
        flags |= SHIFTS_LEFT
    elif low >= zero_point:
        flags |= CLAMPS_NEGATIVE
    return {"flags": flags, "zero_point": zero_point, "low": low, "high": high}
