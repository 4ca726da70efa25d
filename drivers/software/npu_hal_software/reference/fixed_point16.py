"""The logistic function and the hyperbolic tangent in 16-bit fixed point, as gemmlowp computes them.

A number "with n integer bits" is an int16 that stands for ``raw / 2**(15 - n)``. The formulas are those of
`fixed_point_exp`, in a shorter word: constants are rounded to it, and the sum that ends the exponential saturates.
Both functions have 2**16 arguments; they are tabulated when they are first needed.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from npu_hal_software.reference.fixed_point import Integers, rounding_divide_by_power_of_two
from npu_hal_software.reference.fixed_point_exp import (
    EXP_OF_MINUS_ONE_EIGHTH,
    EXP_OF_MINUS_POWERS_OF_TWO,
    FORTY_EIGHT_SEVENTEENTHS,
    MINUS_THIRTY_TWO_SEVENTEENTHS,
    ONE_THIRD,
)

INT16_MIN, INT16_MAX = -(1 << 15), (1 << 15) - 1
# What an LSTM's gates have; the table of the logistic function is for this.
INTEGER_BITS_OF_GATES = 3


@cache
def logistic_table() -> NDArray[np.int16]:
    """``1 / (1 + exp(-a))`` with 0 integer bits, for a with 3; entry ``a & 0xffff`` belongs to a."""
    argument = _arguments()
    exponential = _exp_of_negative(-np.abs(argument), INTEGER_BITS_OF_GATES)
    # Half the Newton estimate, with 1 integer bit, is the same word; then to 0 integer bits.
    upper = _saturating_left_shift(_newton_reciprocal(exponential), 1)
    result = np.where(argument > 0, upper, INT16_MAX - upper)
    return np.where(argument == 0, 1 << 14, result).astype(np.int16)


@cache
def tanh_table(integer_bits: int) -> NDArray[np.int16]:
    """``tanh(a)`` with 0 integer bits, for a with `integer_bits` (0 to 6); entry ``a & 0xffff`` belongs to a."""
    argument = _arguments()
    # exp(-2 |a|): twice the argument is the same word with one more integer bit.
    exponential = _exp_of_negative(np.maximum(-np.abs(argument), INT16_MIN), integer_bits + 1)
    # (1 - x) / (1 + x) is the reciprocal of half of 1 + x, less 1.
    magnitude = _saturating_left_shift(_newton_reciprocal(exponential) - (1 << 13), 2)
    return np.where(argument < 0, -magnitude, np.where(argument > 0, magnitude, 0)).astype(np.int16)


def _arguments() -> Integers:
    """All int16 values, in the order of their bits as unsigned numbers."""
    return np.arange(1 << 16).astype(np.uint16).view(np.int16).astype(np.int64)


def _short(constant: int) -> Integers:
    """A 32-bit constant in 16 bits."""
    return rounding_divide_by_power_of_two(np.asarray(constant, np.int64), 16)


def _multiply(lhs: Integers, rhs: Integers) -> Integers:
    product: Integers = (lhs * rhs + (1 << 14)) >> 15
    return product


def _saturating_left_shift(values: Integers, count: int) -> Integers:
    result: Integers = np.clip(values << count, INT16_MIN, INT16_MAX)
    return result


def _exp_of_negative(argument: Integers, integer_bits: int) -> Integers:
    """``exp(a)`` with 0 integer bits, for arguments a <= 0 with `integer_bits`."""
    fraction_bits = 15 - integer_bits
    quarter = 1 << (fraction_bits - 2)
    rest = (argument & (quarter - 1)) - quarter
    result = _exp_of_rest(_saturating_left_shift(rest, integer_bits))
    multiple = rest - argument
    for power, factor in EXP_OF_MINUS_POWERS_OF_TWO.items():
        if power < integer_bits:
            is_set = multiple & (1 << (fraction_bits + power))
            result = np.where(is_set != 0, _multiply(result, _short(factor)), result)
    if integer_bits > 5:
        result = np.where(argument < -(1 << (fraction_bits + 5)), 0, result)
    return np.where(argument == 0, INT16_MAX, result)


def _exp_of_rest(rest: Integers) -> Integers:
    """``exp(a)`` for a in [-1/4, 0), both with 0 integer bits: a Taylor polynomial around -1/8."""
    x = rest + (1 << 12)
    x2 = _multiply(x, x)
    x3 = _multiply(x2, x)
    x4_over_4 = rounding_divide_by_power_of_two(_multiply(x2, x2), 2)
    higher_terms = rounding_divide_by_power_of_two(_multiply(x4_over_4 + x3, _short(ONE_THIRD)) + x2, 1)
    constant = _short(EXP_OF_MINUS_ONE_EIGHTH)
    result: Integers = np.clip(constant + _multiply(x + higher_terms, constant), INT16_MIN, INT16_MAX)
    return result


def _newton_reciprocal(x: Integers) -> Integers:
    """``2 / (1 + x)`` with 2 integer bits, for x in [0, 1] with 0: Newton and Raphson's method, three steps."""
    half_denominator = (x + INT16_MAX + 1) // 2
    estimate: Integers = _short(FORTY_EIGHT_SEVENTEENTHS) + _multiply(
        half_denominator, _short(MINUS_THIRTY_TWO_SEVENTEENTHS)
    )
    for _ in range(3):
        error = (1 << 13) - _multiply(half_denominator, estimate)
        estimate = estimate + _saturating_left_shift(_multiply(estimate, error), 2)
    return estimate
