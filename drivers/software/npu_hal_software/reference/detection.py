"""TFLITE_DETECTION_POSTPROCESS: boxes decoded from anchors, then non-maximum suppression.

Fast: boxes compete with their best class's score; each that is chosen shows its `max_classes_per_detection` best
classes. Regular: within each class, boxes compete with their score for it; the best `max_detections` of all classes are
given. A background class, if there is one, takes no part.
"""

from collections.abc import Callable, Sequence

import numpy as np

from npu_hal.api import Array, DetectionPostProcess, DType, Tensor
from npu_hal_software.reference.kernel import Kernel
from npu_hal_software.reference.non_maximum_suppression import Floats, Indices, suppress
from npu_hal_software.reference.quantized import scale_of, zero_point_of

RealValues = Callable[[Array], Floats]
# Detections: indices of boxes, their classes and scores.
_Detections = tuple[Indices, Indices, Floats]


def compile_detection_post_process(operation: DetectionPostProcess, tensors: Sequence[Tensor]) -> Kernel:
    """The kernel of a detection's post-processing."""
    operands = (operation.box_encodings, operation.class_predictions, operation.anchors)
    encodings_of, scores_of, anchors_of = (_real_values(tensors[index]) for index in operands)
    detect = _regular if operation.use_regular_nms else _fast

    def run(inputs: Sequence[Array], outputs: Sequence[Array]) -> None:
        boxes = decode(operation, encodings_of(inputs[0])[0], anchors_of(inputs[2]))
        scores = inputs[1][0][:, -operation.num_classes :]
        chosen, classes, values = detect(operation, boxes, scores, scores_of)
        for output in outputs:
            output[...] = 0
        outputs[0][0, : len(chosen)] = boxes[chosen]
        outputs[1][0, : len(chosen)] = classes
        outputs[2][0, : len(chosen)] = values
        per_box = 1 if operation.use_regular_nms else operation.max_classes_per_detection
        outputs[3][0] = len(chosen) // per_box

    return run


def decode(operation: DetectionPostProcess, encodings: Floats, anchors: Floats) -> Floats:
    """Boxes ``[A, 4]`` (ymin, xmin, ymax, xmax) from encodings ``[A, 4..]`` and anchors ``[A, 4]`` (y, x, h, w)."""
    centre_scale = np.array([operation.y_scale, operation.x_scale], np.float32)
    size_scale = np.array([operation.h_scale, operation.w_scale], np.float32)
    centres = encodings[:, :2] / centre_scale * anchors[:, 2:] + anchors[:, :2]
    with np.errstate(over="ignore"):
        factors = np.exp(encodings[:, 2:4].astype(np.float64) / size_scale.astype(np.float64)).astype(np.float32)
    halves = np.float32(0.5) * factors * anchors[:, 2:]
    return np.concatenate([centres - halves, centres + halves], axis=1)


def _real_values(tensor: Tensor) -> RealValues:
    if tensor.dtype is DType.FLOAT32:
        return lambda values: values
    scale, zero_point = scale_of(tensor), zero_point_of(tensor)
    return lambda values: scale * (values.astype(np.int32) - zero_point).astype(np.float32)


def _fast(operation: DetectionPostProcess, boxes: Floats, scores: Array, scores_of: RealValues) -> _Detections:
    shown = operation.max_classes_per_detection
    # Stored scores are ordered as the real ones.
    best_scores = scores_of(scores.max(axis=1))
    chosen = suppress(boxes, best_scores, operation.score_threshold, operation.iou_threshold, operation.max_detections)
    of_chosen = scores_of(scores[chosen])
    best = np.argsort(-of_chosen, axis=1, kind="stable")[:, :shown]
    values = np.take_along_axis(of_chosen, best, axis=1)
    return np.repeat(chosen, shown), best.reshape(-1), values.reshape(-1)


def _regular(operation: DetectionPostProcess, boxes: Floats, scores: Array, scores_of: RealValues) -> _Detections:
    limit = min(operation.detections_per_class, operation.max_detections)
    chosen = np.empty(0, np.int64)
    classes = np.empty(0, np.int64)
    values = np.empty(0, np.float32)
    for index in range(operation.num_classes):
        of_class = scores_of(np.ascontiguousarray(scores[:, index]))
        found = suppress(boxes, of_class, operation.score_threshold, operation.iou_threshold, limit)
        # Of equal scores, those of the earlier class come first.
        values = np.concatenate([values, of_class[found]])
        order = np.argsort(-values, kind="stable")[: operation.max_detections]
        values = values[order]
        chosen = np.concatenate([chosen, found])[order]
        classes = np.concatenate([classes, np.full(len(found), index, np.int64)])[order]
    return chosen, classes, values
