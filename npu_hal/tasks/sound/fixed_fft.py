"""A Fourier transform in 16-bit fixed point with the roundings of KISS FFT, vectorised over many inputs.

KISS FFT (https://github.com/mborgerding/kissfft) built with FIXED_POINT=16: samples and twiddle factors have 15
fractional bits, and each stage divides its inputs by its radix so that sums do not overflow. Models are trained on
features with just these roundings.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

_FRACTION_BITS = 15
_MAX = 32767

Complex16 = tuple[NDArray[np.int64], NDArray[np.int64]]


def real_spectrum(samples: NDArray[np.int64]) -> Complex16:
    """Real and imaginary parts, ``[count, length / 2 + 1]``, of 16-bit `samples` ``[count, length]``.

    The length is two times a power of four, 512 for instance. The result is the transform divided by the length.
    """
    half = samples.shape[1] // 2
    real, imaginary = _transform((samples[:, 0::2], samples[:, 1::2]))
    # Two real transforms were made as one complex one; they are told apart by their symmetry.
    mirror = -np.arange(half + 1) % half
    index = np.arange(half + 1) % half
    own = _divided((real[:, index], imaginary[:, index]), 2)
    mirrored = _divided((real[:, mirror], _int16(-imaginary[:, mirror])), 2)
    even = own[0] + mirrored[0], own[1] + mirrored[1]
    odd = own[0] - mirrored[0], own[1] - mirrored[1]
    middle = half // 2
    result_real = np.empty(own[0].shape, np.int64)
    result_imaginary = np.zeros(own[0].shape, np.int64)
    turned = _times(_head(odd, 1, middle), _unpacking_twiddles(half))
    first = _head(even, 1, middle)
    result_real[:, half - middle : half] = ((first[0] - turned[0]) >> 1)[:, ::-1]
    result_imaginary[:, half - middle : half] = ((turned[1] - first[1]) >> 1)[:, ::-1]
    # The middle is computed from both sides; the mirrored value is stored last.
    upper = slice(1, middle)
    result_real[:, upper] = ((first[0] + turned[0]) >> 1)[:, : middle - 1]
    result_imaginary[:, upper] = ((first[1] + turned[1]) >> 1)[:, : middle - 1]
    constant = _divided((real[:, 0], imaginary[:, 0]), 2)
    result_real[:, 0] = constant[0] + constant[1]
    result_real[:, half] = constant[0] - constant[1]
    return _int16(result_real), _int16(result_imaginary)


def _transform(values: Complex16) -> Complex16:
    """The complex transform, ``[count, length]``, of a length that is a power of four, by decimation in time."""
    count, length = values[0].shape
    if length == 1:
        return values
    quarter = length // 4
    # All four parts at once: the recursion's leading dimension takes them in.
    parts = _transform(
        (
            values[0].reshape(count, quarter, 4).transpose(0, 2, 1).reshape(-1, quarter),
            values[1].reshape(count, quarter, 4).transpose(0, 2, 1).reshape(-1, quarter),
        )
    )
    scaled = _divided((parts[0].reshape(count, 4, quarter), parts[1].reshape(count, 4, quarter)), 4)
    turned = _times((scaled[0][:, 1:], scaled[1][:, 1:]), _twiddles(length))
    (r0, i0), (r1, i1) = (scaled[0][:, 0], scaled[1][:, 0]), (turned[0][:, 0], turned[1][:, 0])
    (r2, i2), (r3, i3) = (turned[0][:, 1], turned[1][:, 1]), (turned[0][:, 2], turned[1][:, 2])
    sum_r, sum_i, difference_r, difference_i = r1 + r3, i1 + i3, r1 - r3, i1 - i3
    real = [
        _int16(r0 + r2) + sum_r,
        r0 - r2 + difference_i,
        _int16(r0 + r2) - sum_r,
        r0 - r2 - difference_i,
    ]
    imaginary = [
        _int16(i0 + i2) + sum_i,
        i0 - i2 - difference_r,
        _int16(i0 + i2) - sum_i,
        i0 - i2 + difference_r,
    ]
    return _int16(np.concatenate(real, axis=1)), _int16(np.concatenate(imaginary, axis=1))


def _times(values: Complex16, twiddles: Complex16) -> Complex16:
    (ar, ai), (br, bi) = values, twiddles
    return _rounded(ar * br - ai * bi), _rounded(ar * bi + ai * br)


def _divided(values: Complex16, divisor: int) -> Complex16:
    """The values over `divisor`, by a multiplication that is a little off, as KISS FFT does it."""
    return _rounded(values[0] * (_MAX // divisor)), _rounded(values[1] * (_MAX // divisor))


def _rounded(product: NDArray[np.int64]) -> NDArray[np.int64]:
    """A product's upper bits, rounded; sums beyond 32 bits wrap around."""
    wrapped = (product + (1 << (_FRACTION_BITS - 1))).astype(np.int32).astype(np.int64)
    shifted: NDArray[np.int64] = wrapped >> _FRACTION_BITS
    return shifted


def _int16(values: NDArray[np.int64]) -> NDArray[np.int64]:
    """The values as they come back from 16 bits."""
    return values.astype(np.int16).astype(np.int64)


def _head(values: Complex16, first: int, count: int) -> Complex16:
    return values[0][:, first : first + count], values[1][:, first : first + count]


@cache
def _twiddles(length: int) -> Complex16:
    """The factors of parts 1 to 3 of a stage, ``[3, length / 4]``."""
    turns = np.arange(1, 4)[:, np.newaxis] * np.arange(length // 4) / length
    return _on_circle(-2 * np.pi * turns)


@cache
def _unpacking_twiddles(half: int) -> Complex16:
    return _on_circle(-np.pi * (np.arange(1, half // 2 + 1) / half + 0.5))


def _on_circle(angles: NDArray[np.float64]) -> Complex16:
    return (
        np.floor(0.5 + _MAX * np.cos(angles)).astype(np.int64),
        np.floor(0.5 + _MAX * np.sin(angles)).astype(np.int64),
    )
