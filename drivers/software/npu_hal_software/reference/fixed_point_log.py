"""The natural logarithm in 32-bit fixed point, as TensorFlow Lite computes it on gemmlowp's numbers.

Notation and primitives are those of `fixed_point_exp`.
"""

import numpy as np

from npu_hal_software.reference.fixed_point import (
    INT32_MAX,
    Integers,
    rounding_divide_by_power_of_two,
    saturating_left_shift,
)
from npu_hal_software.reference.fixed_point import rounding_doubling_high_multiply as multiply
from npu_hal_software.reference.fixed_point_exp import one_over_one_plus

# All with 0 integer bits.
LOG_2 = 1488522236
SQRT_HALF = 1518500250
FOURTH_ROOT_OF_HALF = 1805811301
ONE_QUARTER = 1 << 29
# Coefficients of the rational approximation, t the fourth root of 2: 11/240 t, 1/20 t, 2/t - t, 1/4 t.
NUMERATOR_CUBIC = 117049297
DENOMINATOR_QUADRATIC = 127690142
DENOMINATOR_CONSTANT = 1057819769
DENOMINATOR_LINEAR = 638450708


def log_of_at_least_one(values: Integers, integer_bits: int, result_integer_bits: int) -> Integers:
    """``log(v)`` with `result_integer_bits`, for v >= 1 with `integer_bits` (log_x_for_x_greater_than_or_equal_to_1).

    v is ``r * 2**k`` with r around ``2**(-1/4)``: k comes from leading zeros, of v and of ``v * sqrt(1/2)``, whichever
    gives the smaller r, and is known to a half. The logarithm of r is a rational function.
    """
    accumulator_bits = result_integer_bits + 1
    headroom = _leading_zeros(values)
    r_a = saturating_left_shift(multiply(values << (headroom - 1), SQRT_HALF), 1)
    headroom_b = _leading_zeros(multiply(values, SQRT_HALF)) - 1
    r_b = np.minimum(values << headroom_b, INT32_MAX)
    r = np.minimum(r_a, r_b)

    quarter = ONE_QUARTER >> accumulator_bits
    power_a = ((integer_bits - headroom) << (31 - accumulator_bits)) + quarter
    power_b = ((integer_bits - headroom_b) << (31 - accumulator_bits)) - quarter
    power = np.maximum(power_a, power_b)

    numerator, denominator = _rational_log(r)
    of_power = multiply(power, LOG_2)
    of_rest = multiply(rounding_divide_by_power_of_two(numerator, accumulator_bits), one_over_one_plus(denominator))
    return saturating_left_shift(of_power + of_rest, 1)


def _rational_log(r: Integers) -> tuple[Integers, Integers]:
    """``log(r) + log(2) / 4`` is the first divided by one plus the second; all with 0 integer bits."""
    mean = (r + FOURTH_ROOT_OF_HALF + 1) >> 1
    q = 2 * (r - FOURTH_ROOT_OF_HALF)
    square = multiply(q, q)
    numerator = multiply(q, r) + multiply(multiply(q, square), NUMERATOR_CUBIC)
    quadratic = DENOMINATOR_CONSTANT + q + multiply(square, DENOMINATOR_QUADRATIC)
    return numerator, multiply(mean, quadratic) + multiply(q, DENOMINATOR_LINEAR)


def _leading_zeros(values: Integers) -> Integers:
    """Leading zeros of positive 32-bit words."""
    # frexp's exponent is the bit length, exact below 2**53.
    return 32 - np.frexp(values.astype(np.float64))[1].astype(np.int64)
