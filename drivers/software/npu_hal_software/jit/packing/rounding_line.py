"""Requantisation of outputs whose zero point is their lowest byte, as a line evaluated in floats and rounded down.

Accumulators acc >= 0 are requantised to ``floor(t(acc))``, ``t(acc) = (acc * M + c) / 2**S``, see `jit.requantise`;
negative ones end at 0, as do negative numbers where bytes saturate. With ``A = c // M``, x = acc + A and the intercept
``b = (c mod M) / 2**S``, t is ``x * M / 2**S + b``: a line whose intercept is less than its slope, so that a float
holds it with an error that no accumulator notices.

The slope's 31 bits are two floats, the upper 24 bits and the rest, which is not negative. The kernel computes::

    y = float(x) * slope_rest + b       fused, rounded to nearest
    z = floor(float(x) * slope + y)     fused, rounded down

Each step is monotone in x, therefore so is z, and it is exact everywhere if it is at both sides of every threshold:
at T(j), the least acc with t(acc) >= j, and at T(j) - 1, for the few j that bytes have. Rounding down never takes a
number below an integer that it is not below, so the second step adds no error. Nor does float(x) where x is at most
2**24, as it is at thresholds if the slope is 2**-16 or more, or if no accumulator is larger. The errors of b and y
are then below `_TOLERANCE` slopes: b is below 1.5 slopes, ``x * slope_rest`` below 2**-23 of ``x * slope``, which is
below 256 and below 2**24 slopes, and a float's error is at most 2**-24 of its value.

At T(j), t exceeds j by a fraction of the slope, j's phase, and at T(j) - 1 it falls short of j by the rest of a slope.
So the line moved by less than the smallest phase downwards, or less than the rest upwards, has the same thresholds.
Moved to the middle of that, it is exact if the phases span less than a slope less twice the tolerance.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

# Phases are integers modulo 2**32, as multiples of their step are.
_PHASE_BITS = 32
_TOLERANCE = 2.0**-20
_LARGEST_EXACT = 1 << 24
# Slopes of 2**-16 or more.
_SURE_RIGHT_SHIFT = 15
_LOW_BITS = 7


class RoundingLine(NamedTuple):
    """Float32 lines and the int64 offset of x from the accumulator: shape (channels,), or (1,) if all are the same."""

    offset: NDArray[np.int64]
    slope: NDArray[np.float32]
    slope_rest: NDArray[np.float32]
    intercept: NDArray[np.float32]


def fit_line(
    fixed: NDArray[np.int64], shift: NDArray[np.int64], term: NDArray[np.int64], largest: NDArray[np.int64]
) -> RoundingLine | None:
    """The line of each channel; None if some channel's would not be exact.

    Arrays of shape (channels,): the channels are requantised to ``(acc * fixed + term) >> (31 + shift)``, where shift
    is at least 1; `largest` bounds the accumulators' magnitude.
    """
    if (fixed == fixed[0]).all() and (shift == shift[0]).all():
        fixed, shift, term, largest = fixed[:1], shift[:1], term[:1], largest.max(keepdims=True)
    if largest.max() >= 1 << 31:
        return None
    # Channels whose outputs are all zero may have any multiplier; they are given a harmless one at first.
    is_constant = largest * fixed + term < np.int64(1) << (31 + shift)
    if not is_constant.any():
        return _fit(fixed, shift, term, largest)
    harmless = zip((fixed, shift, term, largest), (1 << 30, 1, 1 << 31, 0), strict=True)
    line = _fit(*(np.where(is_constant, other, values) for values, other in harmless))
    if line is None:
        return None
    none = np.float32(0)
    return RoundingLine(
        np.where(is_constant, 0, line.offset),
        np.where(is_constant, none, line.slope),
        np.where(is_constant, none, line.slope_rest),
        np.where(is_constant, np.float32(0.5), line.intercept),
    )


def _fit(
    fixed: NDArray[np.int64], shift: NDArray[np.int64], term: NDArray[np.int64], largest: NDArray[np.int64]
) -> RoundingLine | None:
    one = np.int64(1) << (31 + shift)
    offset, rest = np.divmod(term, fixed)
    largest_x = largest + offset
    if ((shift > _SURE_RIGHT_SHIFT) & (largest_x > _LARGEST_EXACT)).any() or largest_x.max() >= 1 << 31:
        return None
    # Phase of j: (c - j * 2**S) / M modulo 1.
    first = ((rest << _PHASE_BITS) // fixed).astype(np.uint32)
    step = ((((one % fixed) << _PHASE_BITS) + fixed // 2) // fixed).astype(np.uint32)
    phases = first[:, None] - step[:, None] * np.arange(1, 256, dtype=np.uint32)
    lowest, highest = (extreme / 2.0**_PHASE_BITS for extreme in (phases.min(axis=1), phases.max(axis=1)))
    if (1 - (highest - lowest)).min() < 2 * _TOLERANCE:
        return None
    upper = fixed >> _LOW_BITS << _LOW_BITS
    intercept = (rest + fixed * (0.5 - (lowest + highest) / 2)) / one
    reals = (part.astype(np.float32) for part in (upper / one, (fixed - upper) / one, intercept))
    return RoundingLine(offset, *reals)
