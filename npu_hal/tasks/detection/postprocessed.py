"""Detectors that end in TFLite_Detection_PostProcess: boxes, classes, scores, and how many of them count."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from npu_hal.api import DType
from npu_hal.tasks.detection.candidates import Candidates
from npu_hal.tasks.interface import ModelInterface
from npu_hal.tasks.task import check_finite

_MOST_CLASSES = 1 << 31


class Postprocessed:
    """Outputs ``[1, N, 4]`` (top, left, bottom, right), ``[1, N]`` classes, ``[1, N]`` scores, ``[1]`` count."""

    background = 0
    labels: tuple[str, ...] | None = None
    ground: int | None = None

    def __init__(self, classes: int | None) -> None:
        self.classes = classes

    @classmethod
    def of(cls, interface: ModelInterface) -> "Postprocessed | None":
        """The form, if the outputs are float32 of these shapes in this order."""
        if len(interface.outputs) != 4 or any(tensor.dtype is not DType.FLOAT32 for tensor in interface.outputs):
            return None
        boxes, classes, scores, count = (tensor.shape for tensor in interface.outputs)
        is_form = (
            len(boxes) == 3
            and (boxes[0], boxes[2]) == (1, 4)
            and classes == scores == (1, boxes[1])
            and count in ((1,), (1, 1))
        )
        return cls(interface.detected_classes) if is_form else None

    def decode(self, outputs: Sequence[NDArray[np.float64]], threshold: float, count: int) -> Candidates:
        """The objects; overlapping ones were left out by the operator."""
        boxes, classes, scores, found = outputs
        check_finite(found, "counts")
        valid = min(len(scores[0]), max(0, int(found.reshape(-1)[0])))
        check_finite(classes[0][:valid], "classes")
        # No class has a number that does not fit int64, but the model may say so.
        numbers = np.clip(np.round(classes[0][:valid]), -1, _MOST_CLASSES).astype(np.int64)
        candidates = Candidates.of(boxes[0][:valid], numbers, scores[0][:valid])
        return candidates.best(threshold, 1.0, count)
