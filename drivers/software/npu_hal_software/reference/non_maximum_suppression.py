"""Choosing, among boxes that overlap, those with the highest scores."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Indices = NDArray[np.int64]

# Boxes that are compared at a time: most calls end long before the last.
_BLOCK = 128


def suppress(boxes: Floats, scores: Floats, score_threshold: float, iou_threshold: float, limit: int) -> Indices:
    """Indices of at most `limit` of `boxes` ``[A, 4]`` (ymin, xmin, ymax, xmax), highest score first.

    A box is chosen if its score is `score_threshold` at least and its intersection over union with each box chosen
    before is at most `iou_threshold`. Equal scores are taken in the order of the boxes.
    """
    above = np.flatnonzero(scores >= np.float32(score_threshold))
    ranked = above[np.argsort(-scores[above], kind="stable")]
    threshold = np.float32(iou_threshold)
    chosen: list[int] = []
    for start in range(0, ranked.size, _BLOCK):
        waiting = ranked[start : start + _BLOCK]
        shares = intersection_over_union(boxes[chosen, None], boxes[waiting])
        waiting = waiting[(shares <= threshold).all(axis=0)]
        while waiting.size and len(chosen) < limit:
            best, waiting = waiting[0], waiting[1:]
            chosen.append(int(best))
            waiting = waiting[intersection_over_union(boxes[best], boxes[waiting]) <= threshold]
        if len(chosen) == limit:
            break
    return np.array(chosen, np.int64)


def intersection_over_union(boxes: Floats, others: Floats) -> Floats:
    """Of `boxes` ``[..., 4]`` with `others`, broadcast; 0 where either has no area."""
    area, other_area = _area(boxes), _area(others)
    height, width = (
        np.maximum(
            np.minimum(boxes[..., axis + 2], others[..., axis + 2]) - np.maximum(boxes[..., axis], others[..., axis]), 0
        )
        for axis in (0, 1)
    )
    overlap = height * width
    union = area + other_area - overlap
    has_area = (area > 0) & (other_area > 0)
    shares: Floats = np.divide(overlap, union, out=np.zeros_like(overlap), where=has_area)
    return shares


def _area(boxes: Floats) -> Floats:
    area: Floats = (boxes[..., 2] - boxes[..., 0]) * (boxes[..., 3] - boxes[..., 1])
    return area
