"""Objects that a model may have found, and which of them to keep."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """Boxes ``[count, 4]`` as top, left, bottom, right in fractions of the input, their classes and scores ``[count]``.

    `points` are marks that belong to each box, ``[count, marks, 2]``, y before x.
    """

    boxes: NDArray[np.float64]
    classes: NDArray[np.int64]
    scores: NDArray[np.float64]
    points: NDArray[np.float64]

    @classmethod
    def of(
        cls,
        boxes: NDArray[np.float64],
        classes: NDArray[np.int64],
        scores: NDArray[np.float64],
        points: NDArray[np.float64] | None = None,
    ) -> "Candidates":
        """Candidates, without points unless given."""
        return cls(boxes, classes, scores, np.zeros((len(boxes), 0, 2)) if points is None else points)

    def __len__(self) -> int:
        return len(self.scores)

    def take(self, chosen: NDArray[np.int64]) -> "Candidates":
        """Those at the positions `chosen`, in that order."""
        return Candidates(self.boxes[chosen], self.classes[chosen], self.scores[chosen], self.points[chosen])

    def best(self, threshold: float, overlap: float, count: int) -> "Candidates":
        """At most `count` with scores above `threshold`, highest first.

        Of candidates of one class whose boxes share more than `overlap` of their common area, the highest is kept:
        greedy non-maximum suppression.
        """
        order = np.argsort(-self.scores, kind="stable")
        order = order[self.scores[order] > threshold]
        kept: list[int] = []
        while order.size and len(kept) < count:
            first, rest = order[0], order[1:]
            kept.append(int(first))
            is_other = (self.classes[rest] != self.classes[first]) | (
                intersection_over_union(self.boxes[first], self.boxes[rest]) <= overlap
            )
            order = rest[is_other]
        return self.take(np.array(kept, np.int64))


def intersection_over_union(box: NDArray[np.float64], others: NDArray[np.float64]) -> NDArray[np.float64]:
    """The area that a box ``[4]`` shares with each of `others` ``[count, 4]``, over what they cover together."""
    top_left = np.maximum(box[:2], others[:, :2])
    bottom_right = np.minimum(box[2:], others[:, 2:])
    shared = np.prod(np.maximum(bottom_right - top_left, 0.0), axis=1)
    covered = _area(box[np.newaxis]) + _area(others) - shared
    ratio: NDArray[np.float64] = np.divide(shared, covered, out=np.zeros_like(shared), where=covered > 0)
    return ratio


def _area(boxes: NDArray[np.float64]) -> NDArray[np.float64]:
    area: NDArray[np.float64] = np.prod(np.maximum(boxes[:, 2:] - boxes[:, :2], 0.0), axis=1)
    return area
