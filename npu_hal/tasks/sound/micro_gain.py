"""Automatic gain control and logarithm of the micro front end, in fixed point.

The formats and the tables' construction are those of tensorflow/lite/experimental/microfrontend: pcan_gain_control and
log_scale. All functions take arrays of any shape.
"""

import math
from functools import cache

import numpy as np
from numpy.typing import NDArray

_STRENGTH, _OFFSET = 0.95, 80.0
_GAIN_BITS = 21
_SNR_BITS = 12
_OUTPUT_BITS = 6
# Fractional bits that the filter bank's square root leaves in the signal, and those of the noise estimate.
CORRECTION_BITS = 3
_ESTIMATE_BITS = 10
_MAX_GAIN = 32767

_LOG_SEGMENT_BITS = 7
_LOG_BITS = 16
_LN_2 = 45426  # the natural logarithm of 2 with 16 fractional bits
_LOG_OUTPUT_SHIFT = 6
_MAX_FEATURE = 0xFFFF


def apply_gain(signal: NDArray[np.int64], noise: NDArray[np.int64]) -> NDArray[np.int64]:
    """The signal over a power of its noise, squeezed: small values squared, large ones lowered by one."""
    ratio = (signal * _gain(noise)) >> (_GAIN_BITS - CORRECTION_BITS - _SNR_BITS)
    squared = (ratio * ratio) >> (2 + 2 * _SNR_BITS - _OUTPUT_BITS)
    lowered = (ratio >> (_SNR_BITS - _OUTPUT_BITS)) - (1 << _OUTPUT_BITS)
    return np.where(ratio < 2 << _SNR_BITS, squared, lowered)


def log_scaled(signal: NDArray[np.int64]) -> NDArray[np.int64]:
    """The natural logarithm with 6 fractional bits, 0 for values up to 1, at most 65535."""
    corrected = signal << CORRECTION_BITS
    bits = np.frexp(np.maximum(corrected, 1).astype(np.float64))[1].astype(np.int64) - 1
    logarithm = (bits << _LOG_BITS) + _log2_fraction(corrected, bits)
    natural = (_LN_2 * logarithm + (1 << (_LOG_BITS - 1))) >> _LOG_BITS
    scaled = ((natural << _LOG_OUTPUT_SHIFT) + (1 << (_LOG_BITS - 1))) >> _LOG_BITS
    return np.where(corrected > 1, np.minimum(scaled, _MAX_FEATURE), 0)


def _gain(noise: NDArray[np.int64]) -> NDArray[np.int64]:
    """The gain for a noise estimate: a parabola in each octave."""
    starts, slopes, bends = _gain_octaves()
    octave = np.frexp(noise.astype(np.float64))[1].astype(np.int64)
    # The position in the octave with 10 fractional bits, without the leading one.
    position = np.where(octave < 11, noise << np.maximum(11 - octave, 0), noise >> np.maximum(octave - 11, 0)) & 0x3FF
    rise = ((bends[octave] * position) >> 5) + (slopes[octave] << 5)
    gain = ((rise * position + (1 << 14)) >> 15) + starts[octave]
    # The lowest values have entries of their own.
    return np.where(noise <= 2, _small_gains()[np.minimum(noise, 2)], gain)


@cache
def _gain_octaves() -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Values at the start of each octave, by its number of bits, and coefficients of the parabola."""
    table = np.zeros((3, 33), np.int64)
    for octave in range(2, 33):
        start = 1 << (octave - 1)
        end = 2 * start - 1 if octave == 32 else 2 * start
        values = [_exact_gain(noise) for noise in (start, start + start // 2, end)]
        half, whole = values[1] - values[0], values[2] - values[0]
        slope = 4 * half - whole
        table[:, octave] = values[0], slope, whole - slope
    return table[0], table[1], table[2]


@cache
def _small_gains() -> NDArray[np.int64]:
    return np.array([_exact_gain(noise) for noise in range(3)])


def _exact_gain(noise: int) -> int:
    """The gain in float32, as the original tabulates it."""
    level = np.float32(noise / (1 << (_ESTIMATE_BITS - CORRECTION_BITS))) + np.float32(_OFFSET)
    gain = np.float32(1 << _GAIN_BITS) * np.power(level, np.float32(-_STRENGTH))
    return min(_MAX_GAIN, math.floor(float(gain) + 0.5))


def _log2_fraction(values: NDArray[np.int64], bits: NDArray[np.int64]) -> NDArray[np.int64]:
    """The part of the binary logarithm beyond its integer `bits`, with 16 fractional bits, interpolated in a table."""
    table = _log_corrections()
    remainder = values - (1 << np.maximum(bits, 0))
    fraction = np.where(
        bits < _LOG_BITS, remainder << np.maximum(_LOG_BITS - bits, 0), remainder >> np.maximum(bits - _LOG_BITS, 0)
    )
    fraction = np.clip(fraction, 0, (1 << _LOG_BITS) - 1)
    segment = fraction >> (_LOG_BITS - _LOG_SEGMENT_BITS)
    within = fraction - (segment << (_LOG_BITS - _LOG_SEGMENT_BITS))
    step = ((table[segment + 1] - table[segment]) * within) >> _LOG_BITS
    result: NDArray[np.int64] = fraction + table[segment] + step
    return result


@cache
def _log_corrections() -> NDArray[np.int64]:
    """log2(1 + x) - x at the segments' borders, with 16 fractional bits."""
    borders = np.arange((1 << _LOG_SEGMENT_BITS) + 1) / (1 << _LOG_SEGMENT_BITS)
    return np.round((np.log2(1 + borders) - borders) * (1 << _LOG_BITS)).astype(np.int64)
