"""HARD_SWISH: ``x * min(max(x + 3, 0), 6) / 6``.

8-bit, in 16-bit fixed point: with x' = 2**7 * (x - zero_point_x), products rounded to their high half (ties up),

    r  = x' in steps of 3 / 2**15, saturated: the argument of the gate
    g  = (r + 2**15) >> 1                      the gate, 0 to 1 with 0 integer bits
    y  = clamp(round((x' * m) * g / 2**n) + zero_point_y)      m / 2**n = scale_x / (2**7 * scale_y)

The last product drops its fraction towards zero, which makes up for the roundings before.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from npu_hal.api import Array, DType, HardSwish, Tensor
from npu_hal_software.reference.byte_table import unary_by_table
from npu_hal_software.reference.fixed_point import (
    FixedPointMultiplier,
    Integers,
    rounding_divide_by_power_of_two,
)
from npu_hal_software.reference.fixed_point16 import INT16_MAX, INT16_MIN
from npu_hal_software.reference.kernel import Kernel
from npu_hal_software.reference.quantized import scale_of, zero_point_of

HIGH_RESOLUTION_BITS = 7
GATE_STEP = np.float32(3.0 / 32768.0)
# A right shift by more would leave nothing of a 16-bit word.
LARGEST_RIGHT_SHIFT = 15
LARGEST_LEFT_SHIFT = 31


@dataclass(frozen=True, slots=True)
class ShortMultiplier:
    """A positive real number as ``significand * 2**(exponent - 15)``, the significand of 15 bits."""

    significand: int
    exponent: int

    @classmethod
    def from_real(cls, real: np.float32) -> "ShortMultiplier":
        """The multiplier that rounds the 31-bit significand once more."""
        multiplier = FixedPointMultiplier.from_real(np.float64(real))
        return cls(min((int(multiplier.significands) + (1 << 15)) >> 16, INT16_MAX), int(multiplier.exponents))

    def multiply_significand(self, values: Integers) -> Integers:
        """``values * significand / 2**15``, ties towards plus infinity."""
        product: Integers = (values * self.significand + (1 << 14)) >> 15
        return product


def compile_hard_swish(operation: HardSwish, tensors: Sequence[Tensor]) -> Kernel:
    """The kernel of HARD_SWISH."""
    source, result = tensors[operation.input], tensors[operation.output]
    if source.dtype is DType.FLOAT32:
        return _run_float
    to_gate, to_output = _multipliers(source, result)
    low, high = result.dtype.integer_range

    def stored(values: NDArray[np.int32]) -> NDArray[Any]:
        x = (values.astype(np.int64) - zero_point_of(source)) << HIGH_RESOLUTION_BITS
        product = _gate(x, to_gate) * to_output.multiply_significand(x)
        # Integer division of C: towards zero.
        high_half = np.sign(product) * (np.abs(product) >> 15)
        steps = rounding_divide_by_power_of_two(high_half, -to_output.exponent)
        # The zero point is added in 16 bits.
        shifted = (steps + zero_point_of(result)).astype(np.int16)
        return np.clip(shifted, low, high).astype(result.dtype.numpy)

    return unary_by_table(source.dtype, stored)


def _run_float(inputs: Sequence[Array], outputs: Sequence[Array]) -> None:
    x = inputs[0]
    gate = np.clip(x + np.float32(3), np.float32(0), np.float32(6))
    np.divide(x * gate, np.float32(6), out=outputs[0])


def _gate(x: Integers, to_gate: ShortMultiplier) -> Integers:
    """The gate of x, as stored with `HIGH_RESOLUTION_BITS` more bits; 15 bits for 0 to 1."""
    left = max(to_gate.exponent, 0)
    # All but one of the left shifts come first: those that saturate here saturate in any case.
    argument = to_gate.multiply_significand(_saturate(x << max(left - 1, 0)))
    argument = _saturate(argument << min(left, 1))
    argument = rounding_divide_by_power_of_two(argument, max(-to_gate.exponent, 0))
    gate: Integers = (argument + (1 << 15)) >> 1
    return gate


def _saturate(values: Integers) -> Integers:
    clamped: Integers = np.clip(values, INT16_MIN, INT16_MAX)
    return clamped


def _multipliers(source: Tensor, result: Tensor) -> tuple[ShortMultiplier, ShortMultiplier]:
    """From x at high resolution to the gate's argument, and to the output."""
    scale = np.float32(1 / (1 << HIGH_RESOLUTION_BITS)) * scale_of(source)
    return ShortMultiplier.from_real(scale / GATE_STEP), ShortMultiplier.from_real(scale / scale_of(result))


def hard_swish_refusal(operation: HardSwish, tensors: Sequence[Tensor]) -> str:
    """Why the scales cannot be brought together in 16 bits, or ""."""
    source, result = tensors[operation.input], tensors[operation.output]
    if source.dtype is DType.FLOAT32:
        return ""
    to_gate, to_output = _multipliers(source, result)
    if not -LARGEST_RIGHT_SHIFT <= to_gate.exponent <= LARGEST_LEFT_SHIFT:
        return f"the input's scale {scale_of(source):g} is too far from 3/128, the gate's step, for 16-bit arithmetic"
    if not -LARGEST_RIGHT_SHIFT <= to_output.exponent <= 0:
        return (
            f"the input's scale is {scale_of(source) / scale_of(result):g} times the output's; 16-bit arithmetic takes "
            f"1/512 to 128"
        )
    return ""
