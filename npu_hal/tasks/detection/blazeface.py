"""BlazeFace, the short-range face detector of MediaPipe (arXiv:1907.05047), at 128x128 pixels."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from npu_hal.tasks.detection.candidates import Candidates
from npu_hal.tasks.interface import ModelInterface
from npu_hal.tasks.picture import picture_layout

_SIZE = 128
# Cells along a side, and anchors in each cell.
_GRIDS = ((16, 2), (8, 6))
_MARKS = 6
_OVERLAP = 0.3
# Logits beyond this make no difference, but would overflow.
_LOGIT_LIMIT = 100.0


class BlazeFace:
    """Outputs of a score ``[1, N, 1]`` and a box with six marks ``[1, N, 16]`` for the anchors of each of two grids.

    A box is centre x, centre y, width, height, in pixels from its anchor; the marks, x before y, are the eyes, nose,
    mouth and ears. All scores come before all boxes, the finer grid first.
    """

    background = 0
    classes: int | None = 1
    labels: tuple[str, ...] | None = ("face",)
    ground: int | None = 0

    @classmethod
    def of(cls, interface: ModelInterface) -> "BlazeFace | None":
        """The form, if the outputs have these shapes in this order."""
        layout = picture_layout(interface)
        counts = [cells * cells * anchors for cells, anchors in _GRIDS]
        wanted = [(1, count, 1) for count in counts] + [(1, count, 4 + 2 * _MARKS) for count in counts]
        is_form = [tensor.shape for tensor in interface.outputs] == wanted
        return cls() if is_form and layout is not None and (layout.height, layout.width) == (_SIZE, _SIZE) else None

    def decode(self, outputs: Sequence[NDArray[np.float64]], threshold: float, count: int) -> Candidates:
        """The faces."""
        logits = np.concatenate([output[0, :, 0] for output in outputs[:2]])
        codes = np.concatenate([output[0] for output in outputs[2:]]) / _SIZE
        anchors = _anchors()
        scores = 1 / (1 + np.exp(-np.clip(logits, -_LOGIT_LIMIT, _LOGIT_LIMIT)))
        points = codes.reshape(len(codes), -1, 2)[:, :, ::-1]
        centres, halves = points[:, 0] + anchors, points[:, 1] / 2
        boxes = np.concatenate([centres - halves, centres + halves], axis=1)
        faces = Candidates.of(boxes, np.zeros(len(boxes), np.int64), scores, points[:, 2:] + anchors[:, np.newaxis])
        return faces.best(threshold, _OVERLAP, count)


def _anchors() -> NDArray[np.float64]:
    """The anchors' places, ``[count, 2]``, y before x: the middles of the cells."""
    places = []
    for cells, anchors in _GRIDS:
        middles = (np.arange(cells) + 0.5) / cells
        grid = np.stack(np.meshgrid(middles, middles, indexing="ij"), axis=-1)
        places.append(np.repeat(grid.reshape(-1, 2), anchors, axis=0))
    return np.concatenate(places)
