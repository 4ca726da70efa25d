"""NXP's YOLO face detector: three grids of cells, three anchors in each.

The decoding is YOLOv3's (arXiv:1804.02767); the anchors are those that the eIQ model zoo publishes with the model.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from npu_hal.tasks.detection.candidates import Candidates
from npu_hal.tasks.interface import ModelInterface
from npu_hal.tasks.picture import picture_layout

_HEIGHT, _WIDTH = 128, 160
# Anchors' widths and heights in pixels, by the grid's rows.
_ANCHORS = {
    4: ((51, 64), (59, 82), (79, 100)),
    8: ((29, 51), (36, 43), (41, 54)),
    16: ((15, 21), (22, 29), (28, 36)),
}
_NUMBERS = 6
_OVERLAP = 0.45
# Logits beyond this make no difference, but would overflow.
_LOGIT_LIMIT = 50.0


class YoloFace:
    """Outputs ``[1, rows, columns, 3 * 6]``: per anchor x, y, width, height, whether it is a face, class."""

    background = 0
    classes: int | None = 1
    labels: tuple[str, ...] | None = ("face",)
    ground: int | None = 128

    @classmethod
    def of(cls, interface: ModelInterface) -> "YoloFace | None":
        """The form, if the input has the size that the anchors are for, and the outputs are the three grids."""
        layout = picture_layout(interface)
        if layout is None or (layout.height, layout.width) != (_HEIGHT, _WIDTH):
            return None
        wanted = {(1, rows, rows * _WIDTH // _HEIGHT, 3 * _NUMBERS) for rows in _ANCHORS}
        shapes = [tensor.shape for tensor in interface.outputs]
        return cls() if len(shapes) == len(wanted) and set(shapes) == wanted else None

    def decode(self, outputs: Sequence[NDArray[np.float64]], threshold: float, count: int) -> Candidates:
        """The faces."""
        grids = [_decode_grid(output[0]) for output in outputs]
        boxes, scores = (np.concatenate(parts) for parts in zip(*grids, strict=True))
        return Candidates.of(boxes, np.zeros(len(boxes), np.int64), scores).best(threshold, _OVERLAP, count)


def _decode_grid(grid: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The boxes and scores of one grid."""
    rows, columns, _ = grid.shape
    cells = np.clip(grid.reshape(rows, columns, 3, _NUMBERS), -_LOGIT_LIMIT, _LOGIT_LIMIT)
    size = np.array([_HEIGHT, _WIDTH])
    corners = np.stack(np.meshgrid(np.arange(rows), np.arange(columns), indexing="ij"), axis=-1)
    # The model gives x before y and width before height; boxes here are the other way round.
    centres = (_sigmoid(cells[..., 1::-1]) + corners[:, :, np.newaxis]) / (rows, columns)
    halves = np.exp(cells[..., 3:1:-1]) * np.array(_ANCHORS[rows])[:, ::-1] / size / 2
    boxes = np.concatenate([centres - halves, centres + halves], axis=-1)
    return boxes.reshape(-1, 4), _sigmoid(cells[..., 4]).reshape(-1)


def _sigmoid(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    values: NDArray[np.float64] = 1 / (1 + np.exp(-logits))
    return values
