"""The reciprocal of the square root in 32-bit fixed point, as TensorFlow Lite computes it on gemmlowp's numbers."""

import numpy as np

from npu_hal_software.reference.fixed_point import (
    INT32_MAX,
    FixedPointMultiplier,
    Integers,
    rounding_divide_by_power_of_two,
    saturating_left_shift,
)
from npu_hal_software.reference.fixed_point import rounding_doubling_high_multiply as multiply

# With 3 integer bits.
ONE = 1 << 28
THREE_HALVES = ONE + (ONE >> 1)
# With 0 integer bits.
SQRT_HALF = 1518500250
ITERATIONS = 5


def reciprocal_square_root(values: Integers) -> FixedPointMultiplier:
    """``1 / sqrt(v)`` for each v in [1, 2**31), as multipliers (GetInvSqrtQuantizedMultiplierExp).

    v is normalised by a power of four; five steps of Newton's method from 1 follow.
    """
    is_one = values == 1
    is_large = values >= 1 << 29
    values = np.where(is_large, values >> 2, values)
    # frexp's exponent is the bit length.
    leading_zeros = 32 - np.frexp(values.astype(np.float64))[1].astype(np.int64)
    pairs = (leading_zeros - 1) // 2 - 1
    # Half of v with 3 integer bits.
    half = rounding_divide_by_power_of_two((values << (2 * pairs)) >> 1, 1)
    x = np.full_like(values, ONE)
    for _ in range(ITERATIONS):
        cube = saturating_left_shift(multiply(multiply(x, x), x), 6)
        x = saturating_left_shift(multiply(x, THREE_HALVES) - multiply(half, cube), 3)
    root = multiply(x, SQRT_HALF)
    right_shift = 11 + is_large - pairs
    significands = root << np.maximum(-right_shift, 0)
    return FixedPointMultiplier(
        np.where(is_one, INT32_MAX, significands), np.where(is_one, 0, -np.maximum(right_shift, 0))
    )
