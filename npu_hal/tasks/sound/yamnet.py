"""YAMNet cut off from its front end: sounds of all kinds, by their mel spectrum."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from npu_hal.api import Tensor
from npu_hal.inputs.quantize_real import quantize_real
from npu_hal.tasks.interface import ModelInterface
from npu_hal.tasks.sound.form import Segment
from npu_hal.tasks.sound.frames import frames, padded
from npu_hal.tasks.sound.mel import log_mel
from npu_hal.tasks.waveform import Waveform

_RATE = 16000
_WINDOW, _STEP = 400, 160
_FRAMES, _BANDS = 96, 64
_PATCH_STEP = _FRAMES // 2


class YamnetSpectra:
    """Input ``[1, 96, 64]``: 96 frames of 25 ms, one each 10 ms, of 64 mel bands of 125 to 7500 Hz.

    The parameters are those of params.py and features.py in tensorflow/models, research/audioset/yamnet.
    """

    rate = _RATE
    labels: tuple[str, ...] | None = None

    def __init__(self, tensor: Tensor) -> None:
        self._tensor = tensor

    @classmethod
    def of(cls, interface: ModelInterface) -> "YamnetSpectra | None":
        """The form, if the input is such."""
        tensor = interface.inputs[0]
        is_form = tensor.shape in ((1, _FRAMES, _BANDS), (1, _FRAMES, _BANDS, 1))
        return cls(tensor) if is_form and not interface.is_stateful else None

    def segments(self, sound: Waveform) -> Sequence[Segment]:
        """Patches of 0.96 s, one each 0.48 s; silence completes the last one."""
        patch = _WINDOW + (_FRAMES - 1) * _STEP
        hop = _PATCH_STEP * _STEP
        hops = max(0, -(-(len(sound.samples) - patch) // hop))
        spectrum = log_mel(
            padded(sound.samples, patch + hops * hop),
            rate=_RATE,
            window=_WINDOW,
            step=_STEP,
            bands=_BANDS,
            low=125.0,
            high=7500.0,
            offset=0.001,
        )
        return [
            Segment(
                number * hop / _RATE,
                (number * hop + patch) / _RATE,
                quantize_real(part.reshape(self._tensor.shape), self._tensor),
            )
            for number, part in enumerate(frames(spectrum, _FRAMES, _PATCH_STEP))
        ]

    def combine(self, ratings: NDArray[np.float64]) -> NDArray[np.float64]:
        """The mean over the patches."""
        mean: NDArray[np.float64] = ratings.mean(axis=0)
        return mean
