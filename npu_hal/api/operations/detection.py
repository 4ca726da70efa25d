"""From box encodings and class scores to detected objects."""

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field

from npu_hal.api.dtype import DType
from npu_hal.api.errors import InvalidGraph
from npu_hal.api.operation import (
    FLOAT_OR_QUANTISED8,
    Input,
    Operation,
    Output,
    Positive,
    require_dtype,
    require_rank,
)
from npu_hal.api.tensor import Shape, Tensor

_Scale = Annotated[float, Field(gt=0)]


class DetectionPostProcess(Operation):
    """Decoding of boxes relative to anchors, and non-maximum suppression: TFLite_Detection_PostProcess.

    box encodings ``[1, A, 4]`` (y, x, h, w), class predictions ``[1, A, C]`` with C = `num_classes`, or one more for a
    background at index 0, anchors ``[A, 4]``. A box's centre is ``y / y_scale * anchor_h + anchor_y``, its height
    ``exp(h / h_scale) * anchor_h``, and likewise for x and w. Outputs, float32, with N = `max_detections` times
    `max_classes_per_detection`: boxes ``[1, N, 4]`` (ymin, xmin, ymax, xmax), classes ``[1, N]``, scores ``[1, N]``,
    number of detections ``[1]``. With regular suppression (`use_regular_nms`) boxes compete within each class, of which
    at most `detections_per_class` are kept, and a detection has one entry. Otherwise they compete by their best class,
    and a detection has an entry for each of its best `max_classes_per_detection` classes. Entries beyond are 0.
    """

    kind: Literal["TFLITE_DETECTION_POSTPROCESS"] = "TFLITE_DETECTION_POSTPROCESS"
    box_encodings: Input
    class_predictions: Input
    anchors: Input
    boxes: Output
    classes: Output
    scores: Output
    count: Output
    max_detections: Positive
    max_classes_per_detection: Positive
    detections_per_class: Positive = 100
    use_regular_nms: bool = False
    score_threshold: float
    iou_threshold: Annotated[float, Field(gt=0, le=1)]
    num_classes: Positive
    y_scale: _Scale
    x_scale: _Scale
    h_scale: _Scale
    w_scale: _Scale

    def infer_shapes(self, tensors: Sequence[Tensor]) -> tuple[Shape, ...]:
        """``[1, N, 4]``, ``[1, N]``, ``[1, N]``, ``[1]``."""
        batch, anchors, coordinates = require_rank(tensors, self.box_encodings, 3, "box encodings")
        predictions = require_rank(tensors, self.class_predictions, 3, "class predictions")
        if batch != 1 or coordinates < 4 or predictions[:2] != (1, anchors):
            raise InvalidGraph(
                f"box encodings {[batch, anchors, coordinates]} and class predictions {list(predictions)} do not fit"
            )
        if predictions[2] - self.num_classes not in (0, 1):
            raise InvalidGraph(f"{predictions[2]} class predictions do not fit {self.num_classes} classes")
        if not self.use_regular_nms and self.max_classes_per_detection > self.num_classes:
            raise InvalidGraph(
                f"{self.max_classes_per_detection} classes of each box cannot be given where there are "
                f"{self.num_classes}"
            )
        if tensors[self.anchors].shape != (anchors, 4):
            raise InvalidGraph(f"anchors {list(tensors[self.anchors].shape)} do not fit {anchors} boxes")
        count = self.max_detections * self.max_classes_per_detection
        return ((1, count, 4), (1, count), (1, count), (1,))

    def check_types(self, tensors: Sequence[Tensor]) -> None:
        """Inputs float32 or 8-bit, outputs float32."""
        for index in self.inputs:
            require_dtype(tensors, index, FLOAT_OR_QUANTISED8, "input")
        for index in self.outputs:
            require_dtype(tensors, index, (DType.FLOAT32,), "output")
