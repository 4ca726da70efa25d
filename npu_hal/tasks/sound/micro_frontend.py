"""The audio front end of TensorFlow Lite Micro: 40 features for each step, in integers, as its models are trained on.

Window, Fourier transform, mel filter bank, square root, noise reduction, automatic gain control (PCAN,
arXiv:1607.05666) and logarithm, with the fixed-point formats and roundings of tensorflow/lite/experimental/
microfrontend, and the parameters that micro_speech and microWakeWord share. All arithmetic is exact: one feature that
is off by one is another input.
"""

import math
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from npu_hal.tasks.sound.fixed_fft import real_spectrum
from npu_hal.tasks.sound.frames import frames
from npu_hal.tasks.sound.micro_gain import apply_gain, log_scaled

RATE = 16000
WINDOW = 480
CHANNELS = 40

_FFT_LENGTH = 512
_WEIGHT_BITS = 12
_LOW_HZ, _HIGH_HZ = 125.0, 7500.0

_SMOOTHING_BITS = 10
_NOISE_BITS = 14
_EVEN_SMOOTHING, _ODD_SMOOTHING, _LEAST_SIGNAL = (int(part * (1 << _NOISE_BITS)) for part in (0.025, 0.06, 0.05))

_UINT32 = 0xFFFFFFFF


def micro_features(samples: NDArray[np.int16], step: int) -> NDArray[np.int64]:
    """Features ``[frames, 40]`` of 16-bit samples at 16 kHz: of windows of 30 ms, one each `step` samples.

    They are unsigned 16-bit integers. The noise estimate starts at silence with the first frame.
    """
    windows = _windowed(frames(samples.astype(np.int64), WINDOW, step))
    # The original takes absolute values in 16 bits, where the lowest number has none and does not count.
    loudest = np.abs(windows.astype(np.int16)).max(axis=1, initial=0)
    shifts = 15 - _bit_length(loudest)
    # Loud enough inputs keep as many bits of the transform as possible; what is shifted out of 16 bits wraps.
    scaled = (windows << shifts[:, np.newaxis]).astype(np.int16).astype(np.int64)
    real, imaginary = real_spectrum(np.pad(scaled, ((0, 0), (0, _FFT_LENGTH - WINDOW))))
    energy = (real * real + imaginary * imaginary) & _UINT32
    bank = _filter_bank()
    totals = energy @ bank.weights
    signal = _rounded_root(totals) >> shifts[:, np.newaxis]
    estimate = np.zeros(CHANNELS, np.int64)
    features = np.empty(signal.shape, np.int64)
    for frame, values in enumerate(signal):
        reduced, estimate = _reduce_noise(values, estimate)
        features[frame] = log_scaled(apply_gain(reduced, estimate))
    return features


@dataclass(frozen=True, slots=True, eq=False)
class _FilterBank:
    """Weights of the spectrum's bins in the channels, ``[257, 40]``, with 12 fractional bits."""

    weights: NDArray[np.int64]


def _windowed(pieces: NDArray[np.int64]) -> NDArray[np.int64]:
    """Pieces ``[frames, 480]`` under a Hann window with 12 fractional bits."""
    angles = np.float32(2 * math.pi / WINDOW) * (np.arange(WINDOW, dtype=np.float32) + np.float32(0.5))
    window = np.float32(0.5) - np.float32(0.5) * np.cos(angles)
    coefficients = np.floor(window * (1 << _WEIGHT_BITS) + 0.5).astype(np.int64)
    result: NDArray[np.int64] = (pieces * coefficients) >> _WEIGHT_BITS
    return result


@cache
def _filter_bank() -> _FilterBank:
    """Triangles evenly spaced on the mel scale; computed in float32 as the original, whose edges it must meet."""
    count = CHANNELS + 1
    bins = _FFT_LENGTH // 2 + 1
    low = _mel(np.float32(_LOW_HZ))
    spacing = (_mel(np.float32(_HIGH_HZ)) - low) / np.float32(count)
    centres = [np.float32(low + spacing * np.float32(channel + 1)) for channel in range(count)]
    hertz_per_bin = np.float32(RATE / 2) / np.float32(bins - 1)
    weights = np.zeros((bins, count), np.int64)
    unweights = np.zeros((bins, count), np.int64)
    bin_index = int(np.float32(1.5) + np.float32(_LOW_HZ) / hertz_per_bin)
    for channel in range(count):
        before = low if channel == 0 else centres[channel - 1]
        while (mel := _mel(np.float32(bin_index) * hertz_per_bin)) <= centres[channel]:
            weight = (centres[channel] - mel) / (centres[channel] - before)
            weights[bin_index, channel] = _fixed_weight(weight)
            unweights[bin_index, channel] = _fixed_weight(np.float32(1.0) - weight)
            bin_index += 1
    # A bin falls off in one channel and rises in the next; what falls off before the first is dropped.
    return _FilterBank(weights[:, 1:] + unweights[:, :-1])


def _fixed_weight(weight: np.float32) -> int:
    return math.floor(float(np.float32(weight * np.float32(1 << _WEIGHT_BITS))) + 0.5)


def _mel(hertz: np.float32) -> np.float32:
    return np.float32(np.float32(1127.0) * np.log1p(hertz / np.float32(700.0)))


def _rounded_root(values: NDArray[np.int64]) -> NDArray[np.int64]:
    """The square roots, rounded to the nearest integer."""
    roots = np.sqrt(values.astype(np.float64)).astype(np.int64)
    # float64 has fewer bits than the values: what is off by one is put right.
    roots -= roots * roots > values
    roots += (roots + 1) * (roots + 1) <= values
    rounded: NDArray[np.int64] = roots + (values - roots * roots > roots)
    return rounded


def _reduce_noise(
    signal: NDArray[np.int64], estimate: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The signal ``[40]`` without its slowly changing part, and the new estimate of that."""
    smoothing = np.where(np.arange(CHANNELS) % 2 == 0, _EVEN_SMOOTHING, _ODD_SMOOTHING)
    raised = (signal << _SMOOTHING_BITS) & _UINT32
    updated = ((raised * smoothing + estimate * ((1 << _NOISE_BITS) - smoothing)) >> _NOISE_BITS) & _UINT32
    least = (signal * _LEAST_SIGNAL) >> _NOISE_BITS
    subtracted = (raised - np.minimum(updated, raised)) >> _SMOOTHING_BITS
    return np.maximum(subtracted, least), updated


def _bit_length(values: NDArray[np.int16]) -> NDArray[np.int64]:
    """The number of bits that each value takes, 0 for 0."""
    return np.frexp(values.astype(np.float64))[1].astype(np.int64)
