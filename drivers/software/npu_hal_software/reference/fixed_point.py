"""Fixed-point arithmetic: how integer kernels multiply by a real number.

TensorFlow Lite writes a positive real number as ``significand * 2**(exponent - 31)`` with a significand in
``[2**30, 2**31)`` and multiplies integers by it with two roundings, as gemmlowp does: a 32 by 32 bit product whose
high half is rounded, and a right shift that is rounded again. The primitives below carry gemmlowp's names in their
docstrings; all work on int64 arrays that hold int32 values.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Integers = NDArray[np.int64]

INT32_MAX = 2**31 - 1
# Beyond this exponent the left shift would leave the 32-bit word.
MAX_EXPONENT = 31


def wrap_int32(values: NDArray[Any]) -> Integers:
    """`values` reduced to int32 as two's complement hardware does, in int64."""
    return np.asarray(values, np.int64).astype(np.int32).astype(np.int64)


def rounding_doubling_high_multiply(lhs: NDArray[Any], rhs: ArrayLike) -> Integers:
    """``round(lhs * rhs / 2**31)``, ties towards plus infinity (SaturatingRoundingDoublingHighMul)."""
    product: Integers = np.asarray(lhs, np.int64) * np.asarray(rhs, np.int64)
    product += 1 << 30
    product >>= 31
    return product


def rounding_divide_by_power_of_two(values: Integers, exponents: ArrayLike) -> Integers:
    """``round(values / 2**exponents)``, ties away from zero (RoundingDivideByPOT)."""
    exponents = np.asarray(exponents, np.int64)
    half = (np.int64(1) << exponents) >> 1
    is_negative = (values < 0) & (exponents > 0)
    result: Integers = (values + half - is_negative) >> exponents
    return result


def saturating_left_shift(values: Integers, exponent: int) -> Integers:
    """``values * 2**exponent`` clamped to int32 (SaturatingRoundingMultiplyByPOT with a positive exponent)."""
    shifted: Integers = np.clip(values << exponent, -INT32_MAX - 1, INT32_MAX)
    return shifted


@dataclass(frozen=True, slots=True)
class FixedPointMultiplier:
    """One real multiplier, or one for each channel (the last axis), as fixed-point numbers.

    `significands` and `exponents` are int64 arrays of shape () or (channels,).
    """

    significands: Integers
    exponents: Integers

    @classmethod
    def from_real(cls, real: ArrayLike) -> "FixedPointMultiplier":
        """The nearest multiplier to each of the float64 numbers `real`, which are not negative.

        QuantizeMultiplier: numbers too small for a right shift by 31 become 0.
        """
        fraction, exponents = np.frexp(np.asarray(real, np.float64))
        significands = np.floor(fraction * 2.0**31 + 0.5).astype(np.int64)
        exponents = exponents.astype(np.int64)
        rounded_up = significands == 1 << 31
        significands = np.where(rounded_up, 1 << 30, significands)
        exponents = np.where(rounded_up, exponents + 1, exponents)
        vanishes = exponents < -31
        return cls(np.where(vanishes, 0, significands), np.where(vanishes, 0, exponents))

    def multiply(self, values: NDArray[Any]) -> Integers:
        """`values` (int32, channels last) times the multiplier, rounded twice (MultiplyByQuantizedMultiplier).

        A left shift that leaves 32 bits wraps around.
        """
        product = np.array(values, np.int64)
        left = np.maximum(self.exponents, 0)
        if left.any():
            product = wrap_int32(product << left)
        # In place from here on: this is where the time of a quantised network goes.
        product *= self.significands
        product += 1 << 30
        product >>= 31
        right = np.maximum(-self.exponents, 0)
        away_from_zero = product >> 63
        away_from_zero &= np.where(right > 0, np.int64(-1), np.int64(0))
        product += away_from_zero
        product += (np.int64(1) << right) >> 1
        product >>= right
        return product

    def multiply_rounding_once(self, values: NDArray[Any]) -> Integers:
        """`values` times the multiplier, rounded once, ties away from zero."""
        product: Integers = np.asarray(values, np.int64) * self.significands
        return rounding_divide_by_power_of_two(product, 31 - self.exponents)


def round_half_away(values: NDArray[Any]) -> NDArray[Any]:
    """Nearest integers, ties away from zero, in the float type of `values` (C's ``round``)."""
    whole = np.trunc(values)
    # Infinities stay what they are, though they have no difference.
    with np.errstate(invalid="ignore"):
        # The difference is exact, unlike values + 0.5.
        result: NDArray[Any] = whole + np.copysign(np.abs(values - whole) >= 0.5, values)
    return result
