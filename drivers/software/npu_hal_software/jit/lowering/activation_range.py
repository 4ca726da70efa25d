"""Clamps of fused activations, and the requantisation fields of records."""

import numpy as np

from npu_hal.api import Activation, Tensor
from npu_hal_software.jit.packing.requantisation import Multipliers
from npu_hal_software.jit.packing.rounding_line import RoundingLine
from npu_hal_software.jit.program import stored_zero_point
from npu_hal_software.jit.record import CLAMPS_NEGATIVE, FOLLOWS_LINE, SHIFTS_LEFT


def stored_range(tensor: Tensor, activation: Activation) -> tuple[int, int]:
    """Smallest and largest stored byte of an output with a fused activation.

    As TensorFlow Lite's CalculateActivationRangeQuantized: bounds are quantised in single precision, rounded half away
    from zero.
    """
    low, high = activation.bounds
    zero_point = stored_zero_point(tensor)

    def quantised(value: float) -> int:
        ratio = float(np.float32(value) / np.float32(tensor.affine().scale))
        return zero_point + int(np.trunc(ratio + np.copysign(0.5, ratio)))

    smallest = 0 if np.isneginf(low) else max(0, min(quantised(low), 1 << 20))
    largest = 255 if np.isposinf(high) else min(255, max(quantised(high), -(1 << 20)))
    return smallest, largest


def requantisation_fields(
    tensor: Tensor, activation: Activation, multipliers: Multipliers | None, line: RoundingLine | None = None
) -> dict[str, int]:
    """The fields `flags`, `zero_point`, `low` and `high` for an output tensor."""
    low, high = stored_range(tensor, activation)
    zero_point = stored_zero_point(tensor)
    flags = 0
    if line is not None:
        flags |= FOLLOWS_LINE
    elif multipliers is not None and multipliers.shifts_left:
        flags |= SHIFTS_LEFT
    elif low >= zero_point:
        flags |= CLAMPS_NEGATIVE
    return {"flags": flags, "zero_point": zero_point, "low": low, "high": high}
