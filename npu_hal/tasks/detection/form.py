"""What a form of a detector's outputs is."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from npu_hal.tasks.detection.candidates import Candidates


class DetectorForm(Protocol):
    """How to read the outputs of one family of detectors.

    `background` is the number of classes that precede those with a name; `classes` how many follow, None if unknown.
    `labels` are names that the family fixes. `ground` is the level of grey around pictures if the family takes them in
    their proportions, None if it takes them stretched.
    """

    background: int
    classes: int | None
    labels: tuple[str, ...] | None
    ground: int | None

    def decode(self, outputs: Sequence[NDArray[np.float64]], threshold: float, count: int) -> Candidates:
        """The objects, from the real values of all outputs in the model's order."""
