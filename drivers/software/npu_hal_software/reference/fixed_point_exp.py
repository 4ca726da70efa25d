"""The exponential function and the reciprocal in 32-bit fixed point, as gemmlowp computes them.

A number "with n integer bits" is an int32 that stands for ``raw / 2**(31 - n)``. Every product of two such numbers is
a `rounding_doubling_high_multiply`, whose integer bits are the sum of its factors'. All arguments and results are
int64 arrays of int32 values.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from npu_hal_software.reference.fixed_point import (
    INT32_MAX,
    Integers,
    rounding_divide_by_power_of_two,
    saturating_left_shift,
)
from npu_hal_software.reference.fixed_point import rounding_doubling_high_multiply as multiply

# With 0 integer bits.
EXP_OF_MINUS_ONE_EIGHTH = 1895147668
ONE_THIRD = 715827883
# exp(-2**k) with 0 integer bits, by k.
EXP_OF_MINUS_POWERS_OF_TWO = {
    -2: 1672461947,
    -1: 1302514674,
    0: 790015084,
    1: 290630308,
    2: 39332535,
    3: 720401,
    4: 242,
}
# With 2 integer bits.
FORTY_EIGHT_SEVENTEENTHS = 1515870810
MINUS_THIRTY_TWO_SEVENTEENTHS = -1010580540
ONE_WITH_2_INTEGER_BITS = 1 << 29

INTEGER_BITS_OF_ARGUMENT = 5


def exp_of_negative(argument: Integers) -> Integers:
    """``exp(a)`` with 0 integer bits, for arguments a <= 0 with 5 integer bits (exp_on_negative_values).

    The argument is split in a multiple of 1/4 and a rest in [-1/4, 0). The rest goes through a polynomial; each bit
    of the multiple through a factor ``exp(-2**k)``.
    """
    fraction_bits = 31 - INTEGER_BITS_OF_ARGUMENT
    quarter = 1 << (fraction_bits - 2)
    rest = (argument & (quarter - 1)) - quarter
    result = _exp_of_rest(saturating_left_shift(rest, INTEGER_BITS_OF_ARGUMENT))
    multiple = rest - argument
    for power, factor in EXP_OF_MINUS_POWERS_OF_TWO.items():
        is_set = multiple & (1 << (fraction_bits + power))
        result = np.where(is_set != 0, multiply(result, factor), result)
    return np.where(argument == 0, INT32_MAX, result)


def _exp_of_rest(rest: Integers) -> Integers:
    """``exp(a)`` for a in [-1/4, 0), both with 0 integer bits: a Taylor polynomial around -1/8."""
    x = rest + (1 << 28)
    x2 = multiply(x, x)
    x3 = multiply(x2, x)
    x4 = multiply(x2, x2)
    x4_over_4 = rounding_divide_by_power_of_two(x4, 2)
    higher_terms = rounding_divide_by_power_of_two(multiply(x4_over_4 + x3, ONE_THIRD) + x2, 1)
    return EXP_OF_MINUS_ONE_EIGHTH + multiply(x + higher_terms, EXP_OF_MINUS_ONE_EIGHTH)


def reciprocal(values: NDArray[Any], integer_bits: int) -> tuple[Integers, Integers]:
    """``1 / v`` for v >= 1 with `integer_bits`, as (mantissa with 0 integer bits, right shift to apply to it).

    `values` are read as unsigned 32-bit words (GetReciprocal).
    """
    words = np.asarray(values, np.int64) & 0xFFFFFFFF
    # frexp's exponent is the bit length, exact below 2**53.
    headroom = 32 - np.frexp(words.astype(np.float64))[1].astype(np.int64)
    normalised = ((words << headroom) & 0xFFFFFFFF) - (1 << 31)
    return one_over_one_plus(normalised), integer_bits - headroom


def one_over_one_plus(x: Integers) -> Integers:
    """``1 / (1 + x)`` for x in [0, 1), both with 0 integer bits: Newton and Raphson's method, three steps."""
    half_denominator = (x + INT32_MAX + 1) // 2
    estimate = FORTY_EIGHT_SEVENTEENTHS + multiply(half_denominator, MINUS_THIRTY_TWO_SEVENTEENTHS)
    for _ in range(3):
        error = ONE_WITH_2_INTEGER_BITS - multiply(half_denominator, estimate)
        # The product has 4 integer bits and is brought back to 2.
        estimate = estimate + saturating_left_shift(multiply(estimate, error), 2)
    # Half of it, with 1 integer bit, is the same word; then to 0 integer bits.
    return saturating_left_shift(estimate, 1)
