"""What a pose estimator finds, and what a form of its outputs is."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Body:
    """One person: key points ``[17, 2]``, y before x, in fractions of the input, and their scores ``[17]``."""

    points: NDArray[np.float64]
    scores: NDArray[np.float64]

    @property
    def score(self) -> float:
        """The mean of the points' scores."""
        return float(self.scores.mean())


class PoseForm(Protocol):
    """How to read the outputs of one family of pose estimators."""

    def decode(self, outputs: Sequence[NDArray[np.float64]], threshold: float, count: int) -> list[Body]:
        """At most `count` people with scores above `threshold`, surest first, from the outputs' real values."""
