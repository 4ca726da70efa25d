"""Choosing, among boxes that overlap, those with the highest scores."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Indices = NDArray[np.int64]


def suppress(boxes: Floats, scores: Floats, score_threshold: float, iou_threshold: float, limit: int) -> Indices:
    """Indices of at most `limit` of `boxes` ``[A, 4]`` (ymin, xmin, ymax, xmax), highest score first.

    A box is chosen if its score is `score_threshold` at least and its intersection over union with each box chosen
    before is at most `iou_threshold`. Equal scores are taken in the order of the boxes.
    """
    above = np.flatnonzero(scores >= np.float32(score_threshold))
    waiting = above[np.argsort(-scores[above], kind="stable")]
    chosen: list[int] = []
    while waiting.size and len(chosen) < limit:
        best, waiting = waiting[0], waiting[1:]
        chosen.append(int(best))
        waiting = waiting[intersection_over_union(boxes[best], boxes[waiting]) <= np.float32(iou_threshold)]
    return np.array(chosen, np.int64)


def intersection_over_union(box: Floats, boxes: Floats) -> Floats:
    """Of one box with each of `boxes` ``[N, 4]``; 0 where either has no area."""
    area, areas = _area(box[None])[0], _area(boxes)
    top_left = np.maximum(box[:2], boxes[:, :2])
    bottom_right = np.minimum(box[2:], boxes[:, 2:])
    overlap = np.prod(np.maximum(bottom_right - top_left, 0), axis=1, dtype=np.float32)
    union = area + areas - overlap
    has_area = (area > 0) & (areas > 0)
    shares: Floats = np.divide(overlap, union, out=np.zeros_like(overlap), where=has_area)
    return shares


def _area(boxes: Floats) -> Floats:
    area: Floats = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    return area
