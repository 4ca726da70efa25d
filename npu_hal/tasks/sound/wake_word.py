"""microWakeWord: models that listen for one phrase, a few frames at a time, and remember what they heard.

Source of the parameters: the models' manifests and the esphome component micro_wake_word.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from npu_hal.api import Tensor
from npu_hal.inputs.quantize_real import quantize_real
from npu_hal.tasks.interface import ModelInterface
from npu_hal.tasks.sound.form import Segment
from npu_hal.tasks.sound.frames import padded
from npu_hal.tasks.sound.micro_frontend import CHANNELS, RATE, WINDOW, micro_features
from npu_hal.tasks.waveform import Waveform

_STEP = 160
# The real numbers that the models are trained on, for one unit of a feature.
_FEATURE_SCALE = 0.0390625
# Ratings are averaged over as many inferences.
_SLIDING = 5


class WakeWord:
    """Input ``[1, frames, 40]`` of a model with states: features of the micro front end, each 10 ms."""

    rate = RATE
    labels: tuple[str, ...] | None = ("wake word",)

    def __init__(self, tensor: Tensor) -> None:
        self._tensor = tensor

    @classmethod
    def of(cls, interface: ModelInterface) -> "WakeWord | None":
        """The form, if the model has states and such an input."""
        tensor = interface.inputs[0]
        is_form = len(tensor.shape) == 3 and (tensor.shape[0], tensor.shape[2]) == (1, CHANNELS) and tensor.shape[1] > 0
        return cls(tensor) if is_form and interface.is_stateful else None

    def segments(self, sound: Waveform) -> Sequence[Segment]:
        """The frames one after the other, as many at a time as the model takes; silence completes a short sound."""
        count = self._tensor.shape[1]
        samples = padded(sound.pcm(), WINDOW + (count - 1) * _STEP)
        features: NDArray[np.float64] = micro_features(samples, _STEP) * np.float64(_FEATURE_SCALE)
        seconds = count * _STEP / RATE
        return [
            Segment(
                number * seconds,
                (number + 1) * seconds,
                quantize_real(features[np.newaxis, number * count : (number + 1) * count], self._tensor),
            )
            for number in range(len(features) // count)
        ]

    def combine(self, ratings: NDArray[np.float64]) -> NDArray[np.float64]:
        """The highest mean of ratings that follow each other."""
        sums = np.cumsum(padded(ratings, _SLIDING), axis=0)
        sums[_SLIDING:] -= sums[:-_SLIDING].copy()
        highest: NDArray[np.float64] = sums[_SLIDING - 1 :].max(axis=0) / _SLIDING
        return highest
