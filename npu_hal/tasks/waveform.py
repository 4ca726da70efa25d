"""Sounds: a sequence of samples at a rate."""

import io
import wave
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from npu_hal.api import InvalidInput
from npu_hal.inputs.audio import read_wav

_FULL_SCALE = 32768


@dataclass(frozen=True, slots=True, eq=False)
class Waveform:
    """Samples, float64 ``[count]`` of -1 to 1, and how many of them make a second."""

    samples: NDArray[np.float64]
    rate: int

    @classmethod
    def read(cls, path: Path, rate: int) -> "Waveform":
        """The .wav file at `path` at another `rate`; raises `InvalidInput`, for empty ones too."""
        samples, own_rate = read_wav(path)
        if not len(samples):
            raise InvalidInput(f"{path} has no samples")
        return cls(resample(samples, own_rate, rate), rate)

    @property
    def seconds(self) -> float:
        """The duration."""
        return len(self.samples) / self.rate

    def pcm(self) -> NDArray[np.int16]:
        """The samples as 16-bit integers; what goes beyond them is cut off."""
        scaled = np.round(self.samples * _FULL_SCALE)
        return np.clip(scaled, -_FULL_SCALE, _FULL_SCALE - 1).astype(np.int16)

    def wav(self) -> bytes:
        """The contents of a .wav file: one channel of 16-bit samples."""
        buffer = io.BytesIO()
        with wave.open(buffer, "wb") as sound:
            sound.setnchannels(1)
            sound.setsampwidth(2)
            sound.setframerate(self.rate)
            sound.writeframes(self.pcm().astype("<i2").tobytes())
        return buffer.getvalue()


def resample(samples: NDArray[np.float64], rate: int, wanted: int) -> NDArray[np.float64]:
    """`samples` at the `wanted` rate: their spectrum, cut off or continued with zeros."""
    if rate == wanted:
        return samples
    count = max(1, round(len(samples) * wanted / rate))
    resampled: NDArray[np.float64] = np.fft.irfft(np.fft.rfft(samples), count) * (count / len(samples))
    return resampled
