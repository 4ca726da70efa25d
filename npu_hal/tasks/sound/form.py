"""What a form of an audio model's input is."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from npu_hal.api import Array
from npu_hal.tasks.waveform import Waveform


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of a sound, in seconds, and the model's input for it."""

    start: float
    end: float
    elements: Array


class AudioForm(Protocol):
    """How one family of models takes sounds. `labels` are the classes that the family fixes."""

    rate: int
    labels: tuple[str, ...] | None

    def segments(self, sound: Waveform) -> Sequence[Segment]:
        """The parts of a sound at the form's rate, each for one inference; at least one."""

    def combine(self, ratings: NDArray[np.float64]) -> NDArray[np.float64]:
        """The rating of the whole sound, ``[classes]``, from that of its parts, ``[parts, classes]``."""
