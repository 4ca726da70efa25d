"""SSD detectors cut off before their post-processing: a box and a rating of classes for each anchor."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from npu_hal.tasks.detection.candidates import Candidates
from npu_hal.tasks.detection.ssd_anchors import decode_boxes, ssd_anchors
from npu_hal.tasks.interface import ModelInterface
from npu_hal.tasks.picture import picture_layout

# As in the Object Detection API's configurations of SSD.
_OVERLAP = 0.6


class RawSsd:
    """Outputs ``[1, N, 4]`` box codes and ``[1, N, classes]`` scores, background first; anchors by the usual rule."""

    background = 1
    labels: tuple[str, ...] | None = None
    ground: int | None = None

    def __init__(self, anchors: NDArray[np.float64], boxes: int, scores: int, classes: int) -> None:
        self._anchors = anchors
        self._boxes, self._scores = boxes, scores
        self.classes: int | None = classes - self.background

    @classmethod
    def of(cls, interface: ModelInterface) -> "RawSsd | None":
        """The form, if there are two such outputs and N is the number of anchors for the input's size."""
        layout = picture_layout(interface)
        shapes = [tensor.shape for tensor in interface.outputs]
        if layout is None or len(shapes) != 2 or any(len(shape) != 3 or shape[0] != 1 for shape in shapes):
            return None
        anchors = ssd_anchors(layout.height, layout.width)
        for boxes, scores in ((0, 1), (1, 0)):
            is_form = shapes[boxes] == (1, len(anchors), 4) and shapes[scores][1] == len(anchors)
            if is_form and shapes[scores][2] > 4:
                return cls(anchors, boxes, scores, shapes[scores][2])
        return None

    def decode(self, outputs: Sequence[NDArray[np.float64]], threshold: float, count: int) -> Candidates:
        """The best class of each anchor, and of overlapping boxes the best."""
        boxes = decode_boxes(outputs[self._boxes][0], self._anchors)
        return best_classes(boxes, outputs[self._scores][0]).best(threshold, _OVERLAP, count)


class SsdWithAnchors:
    """Outputs ``[1, N, classes]`` scores, background first, ``[1, N, 4]`` box codes and ``[1, N, 4]`` anchors.

    The form of the detectors in STMicroelectronics' model zoo: anchors are left, top, right, bottom, and codes say by
    how much of the anchor's width and height each of these is moved.
    """

    background = 1
    labels: tuple[str, ...] | None = None
    ground: int | None = None

    def __init__(self, classes: int) -> None:
        self.classes: int | None = classes - self.background

    @classmethod
    def of(cls, interface: ModelInterface) -> "SsdWithAnchors | None":
        """The form, if there are three such outputs in this order."""
        if picture_layout(interface) is None or len(interface.outputs) != 3:
            return None
        scores, codes, anchors = (tensor.shape for tensor in interface.outputs)
        if len(scores) != 3 or scores[2] <= 4 or not codes == anchors == (1, scores[1], 4):
            return None
        return cls(scores[2])

    def decode(self, outputs: Sequence[NDArray[np.float64]], threshold: float, count: int) -> Candidates:
        """The best class of each anchor, and of overlapping boxes the best."""
        scores, codes, anchors = (output[0] for output in outputs)
        sizes = np.tile(anchors[:, 2:] - anchors[:, :2], 2)
        left, top, right, bottom = (anchors + codes * sizes).T
        return best_classes(np.stack([top, left, bottom, right], axis=1), scores).best(threshold, _OVERLAP, count)


def best_classes(boxes: NDArray[np.float64], scores: NDArray[np.float64]) -> Candidates:
    """Each box with the class that it is rated highest for, the background, class 0, left out."""
    foreground = scores[:, 1:]
    classes = foreground.argmax(axis=1)
    return Candidates.of(boxes, classes + 1, foreground[np.arange(len(classes)), classes])
