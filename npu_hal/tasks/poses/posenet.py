"""PoseNet: heat maps of key points, and the offsets that lead to them and from one to the next.

The decoding is that of PersonLab (Papandreou et al., arXiv:1803.08225, section 3.1): the strongest key point that
belongs to nobody yet starts a person, whose other points are found along the edges of a tree of the body, best first.
Points that an earlier person has already do not count for a later one.
"""

import heapq
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from npu_hal.tasks.interface import ModelInterface
from npu_hal.tasks.picture import picture_layout
from npu_hal.tasks.poses.body import Body
from npu_hal.tasks.poses.skeleton import KEY_POINTS

_POINTS = len(KEY_POINTS)
# The tree of the body, in the order of the model's offsets.
_EDGES = (
    (0, 1),
    (1, 3),
    (0, 2),
    (2, 4),
    (0, 5),
    (5, 7),
    (7, 9),
    (5, 11),
    (11, 13),
    (13, 15),
    (0, 6),
    (6, 8),
    (8, 10),
    (6, 12),
    (12, 14),
    (14, 16),
)

# Pixels within which two equal key points are one person's.
_SAME_PERSON = 20.0
# Offsets to a neighbour are coarse; those at the place they lead to correct them, as often as this.
_REFINEMENTS = 5
# Logits beyond this make no difference, but would overflow.
_LOGIT_LIMIT = 100.0


class PoseNet:
    """Outputs ``[1, H, W, 17]`` scores as logits, ``[1, H, W, 34]`` short and ``[1, H, W, 64]`` mid-range offsets.

    Offsets are in pixels, all y before all x. Mid-range offsets lead along the 16 edges of the tree, first
    all forwards, then all backwards. The grid's corners are the picture's.
    """

    def __init__(self, stride_y: float, stride_x: float) -> None:
        self._strides = stride_y, stride_x

    @classmethod
    def of(cls, interface: ModelInterface) -> "PoseNet | None":
        """The form, if there are three such outputs in this order."""
        layout = picture_layout(interface)
        shapes = [tensor.shape for tensor in interface.outputs]
        if layout is None or len(shapes) != 3 or any(len(shape) != 4 for shape in shapes):
            return None
        grid = shapes[0][:3]
        if shapes != [(*grid, _POINTS), (*grid, 2 * _POINTS), (*grid, 4 * len(_EDGES))] or min(grid) < 1:
            return None
        if grid[0] != 1 or min(grid[1:]) < 2:
            return None
        return cls((layout.height - 1) / (grid[1] - 1), (layout.width - 1) / (grid[2] - 1))

    def decode(self, outputs: Sequence[NDArray[np.float64]], threshold: float, count: int) -> list[Body]:
        """The people."""
        maps = _Maps(outputs[0][0], self._in_cells(outputs[1][0], 1), self._in_cells(outputs[2][0], 2))
        radius = _SAME_PERSON / np.array(self._strides)
        found: list[Body] = []
        for place, point in maps.peaks(_logit(threshold)):
            if len(found) == count:
                break
            if any(np.square((place - body.points[point]) / radius).sum() <= 1 for body in found):
                continue
            body = maps.grow(place, point)
            if _own_score(body, found, radius) > threshold:
                found.append(body)
        found.sort(key=lambda body: -body.score)
        height, width = maps.scores.shape[:2]
        size = np.array([height - 1, width - 1]) * self._strides + 1
        # A point at cell i lies at pixel i * stride; fractions count from the pixels' edges.
        return [Body((body.points * self._strides + 0.5) / size, body.scores) for body in found]

    def _in_cells(self, offsets: NDArray[np.float64], groups: int) -> NDArray[np.float64]:
        """Offsets, of which there are `groups` of all y and all x, in cells of the grid instead of pixels."""
        height, width, channels = offsets.shape
        grouped = offsets.reshape(height, width, groups, 2, channels // (2 * groups))
        cells: NDArray[np.float64] = grouped / np.array(self._strides).reshape(2, 1)
        return cells.reshape(offsets.shape)


@dataclass(frozen=True, slots=True, eq=False)
class _Maps:
    """The outputs without their first dimension; offsets in cells."""

    scores: NDArray[np.float64]
    short: NDArray[np.float64]
    mid: NDArray[np.float64]

    def peaks(self, least: float) -> list[tuple[NDArray[np.float64], int]]:
        """Places, in cells, of logits above `least` that no neighbouring cell surpasses, and their key points."""
        height, width, _ = self.scores.shape
        padded = np.pad(self.scores, ((1, 1), (1, 1), (0, 0)), constant_values=-np.inf)
        neighbours = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(0, 1))
        is_peak = (self.scores > least) & (self.scores >= neighbours.max(axis=(3, 4)))
        places = np.argwhere(is_peak)
        order = np.argsort(-self.scores[is_peak], kind="stable")
        found = []
        for y, x, point in places[order].tolist():
            offset = self.short[y, x, [point, _POINTS + point]]
            found.append((np.clip(np.array([y, x]) + offset, 0, (height - 1, width - 1)), int(point)))
        return found

    def grow(self, place: NDArray[np.float64], point: int) -> Body:
        """The person that the key point at `place` belongs to; places in cells."""
        points = np.zeros((_POINTS, 2))
        logits = np.zeros(_POINTS)
        is_found = [False] * _POINTS
        # The number keeps equally likely points in the order in which they were met.
        waiting = [(-float(_sample(self.scores, place, [point])[0]), 0, point, place)]
        met = 1
        while waiting:
            negative, _, point, place = heapq.heappop(waiting)
            if is_found[point]:
                continue
            is_found[point] = True
            points[point], logits[point] = place, -negative
            for target, channel in _neighbours(point):
                if not is_found[target]:
                    reached = self._follow(place, target, channel)
                    logit = float(_sample(self.scores, reached, [target])[0])
                    heapq.heappush(waiting, (-logit, met, target, reached))
                    met += 1
        return Body(points, 1 / (1 + np.exp(-np.clip(logits, -_LOGIT_LIMIT, _LOGIT_LIMIT))))

    def _follow(self, place: NDArray[np.float64], target: int, channel: int) -> NDArray[np.float64]:
        """Where the mid-range offset at `place` leads, corrected by the short offsets there."""
        limit = np.array(self.scores.shape[:2]) - 1
        place = np.clip(place + _sample(self.mid, place, [channel, channel + len(_EDGES)]), 0, limit)
        for _ in range(_REFINEMENTS):
            place = np.clip(place + _sample(self.short, place, [target, _POINTS + target]), 0, limit)
        return place


def _own_score(body: Body, found: Sequence[Body], radius: NDArray[np.float64]) -> float:
    """The score of a body by those of its points that belong to nobody who was found before; places in cells."""
    is_own = np.ones(_POINTS, np.bool_)
    for other in found:
        is_own &= np.square((body.points - other.points) / radius).sum(axis=1) > 1
    return float((body.scores * is_own).mean())


def _neighbours(point: int) -> list[tuple[int, int]]:
    """Key points next to one in the tree, and the channels of the y offsets that lead to them."""
    forwards = [(child, edge) for edge, (parent, child) in enumerate(_EDGES) if parent == point]
    backwards = [(parent, 2 * len(_EDGES) + edge) for edge, (parent, child) in enumerate(_EDGES) if child == point]
    return forwards + backwards


def _sample(maps: NDArray[np.float64], place: NDArray[np.float64], channels: list[int]) -> NDArray[np.float64]:
    """`channels` of `maps` ``[H, W, C]`` between the cells around `place`, bilinearly."""
    low = np.floor(place).astype(np.int64)
    high = np.minimum(low + 1, np.array(maps.shape[:2]) - 1)
    y, x = place - low
    upper = (1 - x) * maps[low[0], low[1], channels] + x * maps[low[0], high[1], channels]
    lower = (1 - x) * maps[high[0], low[1], channels] + x * maps[high[0], high[1], channels]
    sampled: NDArray[np.float64] = (1 - y) * upper + y * lower
    return sampled


def _logit(probability: float) -> float:
    with np.errstate(divide="ignore"):
        return float(np.log(probability) - np.log1p(-probability))
