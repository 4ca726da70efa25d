"""Requantisation of outputs that are clamped at their zero point as one line, evaluated in floats and rounded down.

Accumulators acc >= 0 are requantised to ``floor((acc * M + c) / 2**S)``, see `jit.requantise`. So with zero point z and
``Q = z * 2**S + c`` an output reaches j where ``t(acc) = (acc * M + Q) / 2**S`` does; negative accumulators end at the
clamp. With ``A = Q // M``, x = acc + A and intercept ``b = (Q mod M) / 2**S``, t is ``x * M / 2**S + b``: a line whose
intercept is less than its slope, so that a float holds it with an error that no accumulator notices.

The slope's 31 bits are two floats, the upper 24 bits and the rest, which is not negative. The kernel computes::

    y = float(x) * slope_rest + b       fused, rounded to nearest
    z = floor(float(x) * slope + y)     fused, rounded down

Each step is monotone in x, therefore so is z, and it is exact everywhere if it is at both sides of every threshold:
at T(j), the least acc with t(acc) >= j, and at T(j) - 1, for the few j that bytes have. Rounding down never takes a
number below an integer that it is not below, so the second step adds no error. The first one's and the intercept's are
below `_TOLERANCE` slopes: where z < 256, x is below 2**24, thus exact as a float, and ``x * slope_rest`` below 2**-15.

At T(j), t exceeds j by a fraction of the slope, j's phase, and at T(j) - 1 it falls short of j by the rest of a slope.
So the line moved by less than the smallest phase downwards, or less than the rest upwards, has the same thresholds.
Moved to the middle of that, it is exact if the phases span less than a slope less twice the tolerance.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# Phases are fractions of 2**32; the product of a step and a number of thresholds wraps around as it should.
_PHASE_BITS = 32
# 2**-24 of 1.5 slopes for b and again for y, 2**-39 for the product in y where a slope is 2**-16 or more: below 2**-21.
_TOLERANCE_BITS = 20
_LARGEST_RIGHT_SHIFT = 15
_LOW_BITS = 7
# Products of activations and weights less their zero points, in magnitude.
_LARGEST_PRODUCT = 255 * 255


@dataclass(frozen=True, slots=True)
class RoundingLine:
    """Per channel, arrays of shape (channels,): float32 lines, and the int64 offset of x from the accumulator."""

    offset: NDArray[np.int64]
    slope: NDArray[np.float32]
    slope_rest: NDArray[np.float32]
    intercept: NDArray[np.float32]


def fit_line(
    fixed: NDArray[np.int64],
    right_shift: NDArray[np.int64],
    rounding_term: NDArray[np.int64],
    zero_point: int,
) -> RoundingLine | None:
    """The line of each channel: ``(acc * fixed + rounding_term) >> (31 + right_shift)``, plus the zero point.

    None if some channel's line would not be exact: with a right shift of 0 or more than 15, or phases all over a slope.
    """
    if not fixed.all() or right_shift.min() < 1 or right_shift.max() > _LARGEST_RIGHT_SHIFT:
        return None
    if fixed.size > 1 and (fixed == fixed[0]).all() and (right_shift == right_shift[0]).all():
        line = fit_line(fixed[:1], right_shift[:1], rounding_term[:1], zero_point)
        return line and RoundingLine(*(np.broadcast_to(part, fixed.shape) for part in _parts(line)))
    one = np.int64(1) << (31 + right_shift)
    offset, rest = np.divmod(zero_point * one + rounding_term, fixed)
    # Phase of j: (Q - j * 2**S) / M modulo 1.
    first = ((rest << _PHASE_BITS) // fixed).astype(np.uint32)
    step = ((((one % fixed) << _PHASE_BITS) + fixed // 2) // fixed).astype(np.uint32)
    thresholds = np.arange(min(zero_point, 254) + 1, 256, dtype=np.uint32)
    phases = first[:, None] - step[:, None] * thresholds
    lowest, highest = phases.min(axis=1).astype(np.int64), phases.max(axis=1).astype(np.int64)
    room = (1 << _PHASE_BITS) - (highest - lowest)
    if room.min() < 2 << (_PHASE_BITS - _TOLERANCE_BITS):
        return None
    to_middle = (1 << (_PHASE_BITS - 1)) - (lowest + highest) / 2
    upper = fixed >> _LOW_BITS << _LOW_BITS
    slope = fixed / one
    return RoundingLine(
        offset,
        (upper / one).astype(np.float32),
        ((fixed - upper) / one).astype(np.float32),
        (rest / one + slope * (to_middle / (1 << _PHASE_BITS))).astype(np.float32),
    )


def never_wraps(bias: NDArray[np.int64], products: int, line: RoundingLine) -> bool:
    """Whether accumulators of so many products, with their bias and the line's offset, stay within int32."""
    largest = int((np.abs(bias) + line.offset).max()) + products * _LARGEST_PRODUCT
    return largest < 1 << 31


def _parts(line: RoundingLine) -> tuple[NDArray[np.generic], ...]:
    return line.offset, line.slope, line.slope_rest, line.intercept
