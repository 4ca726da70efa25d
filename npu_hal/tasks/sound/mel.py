"""Spectra on the mel scale in floating point, as TensorFlow's tf.signal defines them."""

import numpy as np
from numpy.typing import NDArray

from npu_hal.tasks.sound.frames import frames


def log_mel(
    samples: NDArray[np.float64],
    *,
    rate: int,
    window: int,
    step: int,
    bands: int,
    low: float,
    high: float,
    offset: float,
) -> NDArray[np.float64]:
    """The logarithm of the mel spectrum plus `offset`, ``[frames, bands]``.

    Magnitudes of windows of `window` samples at every `step`, of a Fourier transform as long as the next power of two,
    weighed by triangles between `low` and `high` Hz.
    """
    length = 1 << (window - 1).bit_length()
    pieces = frames(samples, window, step) * _hann(window)
    magnitudes = np.abs(np.fft.rfft(pieces, length, axis=1))
    spectrum: NDArray[np.float64] = np.log(magnitudes @ mel_weights(length // 2 + 1, rate, bands, low, high) + offset)
    return spectrum


def mel_weights(bins: int, rate: int, bands: int, low: float, high: float) -> NDArray[np.float64]:
    """How much each of the `bins` of a spectrum counts in each band, ``[bins, bands]``.

    Triangles whose corners are evenly spaced on the mel scale of HTK, linear on that scale. The first bin, of constant
    parts, counts nowhere.
    """
    mels = hertz_to_mel(np.linspace(0.0, rate / 2, bins))[1:, np.newaxis]
    corners = np.linspace(hertz_to_mel(np.float64(low)), hertz_to_mel(np.float64(high)), bands + 2)
    left, middle, right = corners[:-2], corners[1:-1], corners[2:]
    rising, falling = (mels - left) / (middle - left), (right - mels) / (right - middle)
    weights = np.maximum(0.0, np.minimum(rising, falling))
    return np.pad(weights, ((1, 0), (0, 0)))


def hertz_to_mel(frequencies: NDArray[np.float64] | np.float64) -> NDArray[np.float64]:
    """HTK's mel scale."""
    mels: NDArray[np.float64] = 1127.0 * np.log1p(frequencies / 700.0)
    return mels


def cepstrum(log_spectrum: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    """The first `count` cepstral coefficients, ``[frames, count]``: an orthonormal cosine transform of type II.

    As tf.signal.mfccs_from_log_mel_spectrograms, whose constant coefficient is not scaled down either.
    """
    bands = log_spectrum.shape[1]
    angles = np.pi / bands * (np.arange(bands)[:, np.newaxis] + 0.5) * np.arange(count)
    coefficients: NDArray[np.float64] = log_spectrum @ np.cos(angles) * np.sqrt(2.0 / bands)
    return coefficients


def _hann(length: int) -> NDArray[np.float64]:
    """The periodic Hann window."""
    window: NDArray[np.float64] = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(length) / length)
    return window
