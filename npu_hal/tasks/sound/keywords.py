"""Models that tell a few spoken words apart, in a second of sound at a time."""

from collections.abc import Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from npu_hal.api import DType, Tensor
from npu_hal.inputs.quantize_real import quantize_real
from npu_hal.tasks.interface import ModelInterface
from npu_hal.tasks.sound.form import Segment
from npu_hal.tasks.sound.frames import frames, padded
from npu_hal.tasks.sound.mel import cepstrum, log_mel
from npu_hal.tasks.sound.micro_frontend import CHANNELS, RATE, micro_features
from npu_hal.tasks.waveform import Waveform

_Sample = TypeVar("_Sample", bound=np.generic)

_SECOND = RATE
# Parts overlap by half, so that a word that one part cuts is whole in another.
_STEP = _SECOND // 2
_FEATURE_STEP = 320
_FEATURE_FRAMES = 49

# micro_speech's training maps features of 0 to 25.6 * 26 to the 256 values of int8.
_MICRO_RANGE = 666

_KWS_COEFFICIENTS = 10


class MicroSpeech:
    """TensorFlow Lite Micro's micro_speech: int8 ``[1, 1960]``, 49 frames of 40 features of the micro front end."""

    rate = RATE
    labels: tuple[str, ...] | None = ("silence", "unknown", "yes", "no")

    @classmethod
    def of(cls, interface: ModelInterface) -> "MicroSpeech | None":
        """The form, if the input is such."""
        tensor = interface.inputs[0]
        is_form = tensor.dtype is DType.INT8 and tensor.shape == (1, _FEATURE_FRAMES * CHANNELS)
        return cls() if is_form and not interface.is_stateful else None

    def segments(self, sound: Waveform) -> Sequence[Segment]:
        """A part each half second, up to the end of the sound."""
        return [
            Segment(start / RATE, (start + _SECOND) / RATE, self._elements(part)) for start, part in _parts(sound.pcm())
        ]

    def combine(self, ratings: NDArray[np.float64]) -> NDArray[np.float64]:
        """The highest rating of any part: a word is said once."""
        return _highest(ratings)

    def _elements(self, samples: NDArray[np.int16]) -> NDArray[np.int8]:
        features = micro_features(samples, _FEATURE_STEP)
        stored = (features * 256 + _MICRO_RANGE // 2) // _MICRO_RANGE - 128
        return np.clip(stored, -128, 127).astype(np.int8).reshape(1, -1)


class MlperfKeywords:
    """MLPerf Tiny's keyword spotting: ``[1, 49, 10, 1]``, 49 frames of 10 mel cepstral coefficients.

    The features are those of the benchmark's get_dataset.py: the loudest sample becomes 1, windows of 30 ms each 20 ms,
    40 mel bands of 20 to 4000 Hz.
    """

    rate = RATE
    labels: tuple[str, ...] | None = (
        *("down", "go", "left", "no", "off", "on", "right", "stop", "up", "yes"),
        *("silence", "unknown"),
    )

    def __init__(self, tensor: Tensor) -> None:
        self._tensor = tensor

    @classmethod
    def of(cls, interface: ModelInterface) -> "MlperfKeywords | None":
        """The form, if the input is such."""
        tensor = interface.inputs[0]
        is_form = tensor.shape == (1, _FEATURE_FRAMES, _KWS_COEFFICIENTS, 1)
        return cls(tensor) if is_form and not interface.is_stateful else None

    def segments(self, sound: Waveform) -> Sequence[Segment]:
        """A part each half second, up to the end of the sound."""
        return [
            Segment(start / RATE, (start + _SECOND) / RATE, quantize_real(self._features(part), self._tensor))
            for start, part in _parts(sound.samples)
        ]

    def combine(self, ratings: NDArray[np.float64]) -> NDArray[np.float64]:
        """The highest rating of any part: a word is said once."""
        return _highest(ratings)

    def _features(self, samples: NDArray[np.float64]) -> NDArray[np.float64]:
        loudest = samples.max()
        scaled = np.clip(samples / loudest, -1, 1) if loudest > 0 else samples
        spectrum = log_mel(
            scaled, rate=RATE, window=480, step=_FEATURE_STEP, bands=40, low=20.0, high=4000.0, offset=1e-6
        )
        return cepstrum(spectrum, _KWS_COEFFICIENTS).reshape(self._tensor.shape)


def _parts(samples: NDArray[_Sample]) -> list[tuple[int, NDArray[_Sample]]]:
    """Seconds of the samples, with the positions where they start; silence completes the last one."""
    steps = max(0, -(-(len(samples) - _SECOND) // _STEP))
    whole = padded(samples, _SECOND + steps * _STEP)
    return [(number * _STEP, part) for number, part in enumerate(frames(whole, _SECOND, _STEP))]


def _highest(ratings: NDArray[np.float64]) -> NDArray[np.float64]:
    highest: NDArray[np.float64] = ratings.max(axis=0)
    return highest
