"""The custom operator TFLite_Detection_PostProcess."""

from npu_hal.api import DetectionPostProcess
from npu_hal.tflite.converters.operands import Operands

_SCALES = ("y_scale", "x_scale", "h_scale", "w_scale")


def convert_detection_post_process(operands: Operands) -> DetectionPostProcess:
    """Inputs: box encodings, class predictions, anchors; outputs: boxes, classes, scores, count."""
    # The only operator whose options are a flexbuffer; models without it need not load its reader.
    from npu_hal.tflite.custom_options import CustomOptions

    box_encodings, class_predictions, anchors = operands.required_inputs(3)
    boxes, classes, scores, count = operands.all_outputs(4)
    options = CustomOptions(operands.name, operands.view.custom_options)
    return DetectionPostProcess(
        box_encodings=box_encodings,
        class_predictions=class_predictions,
        anchors=anchors,
        boxes=boxes,
        classes=classes,
        scores=scores,
        count=count,
        max_detections=options.integer("max_detections"),
        max_classes_per_detection=options.integer("max_classes_per_detection"),
        detections_per_class=options.integer("detections_per_class", 100),
        use_regular_nms=bool(options.integer("use_regular_nms", 0)),
        score_threshold=options.real("nms_score_threshold"),
        iou_threshold=options.real("nms_iou_threshold"),
        num_classes=options.integer("num_classes"),
        **{name: options.real(name) for name in _SCALES},
    )
