"""Options of custom operators, as the flexbuffers library writes them, and damaged."""

import random

import pytest
from flatbuffers import flexbuffers
from tflite import BuiltinOperator as Code

from npu_hal.api import DetectionPostProcess, DType, InvalidGraph, Tensor
from npu_hal.tflite.custom_options import CustomOptions
from npu_hal.tflite.operators import OperatorView, convert_operator

OPTIONS = {
    "max_detections": 10,
    "max_classes_per_detection": 1,
    "nms_score_threshold": 0.25,
    "nms_iou_threshold": 0.5,
    "num_classes": 3,
    "y_scale": 10.0,
    "x_scale": 10.0,
    "h_scale": 5.0,
    "w_scale": 5,
    "use_regular_nms": True,
}


def real(*shape: int) -> Tensor:
    return Tensor(name="t", shape=shape, dtype=DType.FLOAT32)


TENSORS = (real(1, 7, 4), real(1, 7, 4), real(7, 4), real(1, 10, 4), real(1, 10), real(1, 10), real(1))


def convert(data: bytes) -> DetectionPostProcess:
    view = OperatorView(Code.CUSTOM, "TFLite_Detection_PostProcess", 1, (0, 1, 2), (3, 4, 5, 6), custom_options=data)
    operation = convert_operator(view, TENSORS)
    assert isinstance(operation, DetectionPostProcess)
    return operation


def test_detection_options() -> None:
    operation = convert(bytes(flexbuffers.Dumps(OPTIONS)))
    assert (operation.max_detections, operation.num_classes, operation.use_regular_nms) == (10, 3, True)
    assert (operation.score_threshold, operation.y_scale, operation.w_scale) == (0.25, 10.0, 5.0)
    assert operation.detections_per_class == 100


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({**OPTIONS, "num_classes": "three"}, "'num_classes' of .* is 'three', not a number"),
        ({**OPTIONS, "y_scale": float("nan")}, "'y_scale' of .* is nan, not a number"),
        ({key: value for key, value in OPTIONS.items() if key != "h_scale"}, "lack 'h_scale'"),
        ({**OPTIONS, "max_detections": -1}, "max_detections"),
        ([1, 2], "they are no map"),
        (7, "they are no map"),
    ],
)
def test_unusable_options(options: object, reason: str) -> None:
    with pytest.raises(InvalidGraph, match=reason):
        convert(bytes(flexbuffers.Dumps(options)))


def test_damaged_options_are_refused_or_read() -> None:
    """No damage of one or two bytes, and no cut, ends in anything else."""
    whole = bytes(flexbuffers.Dumps(OPTIONS))
    generator = random.Random(1)
    victims = [whole[:length] for length in range(len(whole))]
    for _ in range(2000):
        damaged = bytearray(whole)
        for _ in range(generator.randint(1, 2)):
            damaged[generator.randrange(len(whole))] = generator.randrange(256)
        victims.append(bytes(damaged))
    for victim in victims:
        try:
            options = CustomOptions("X", victim)
            for name in OPTIONS:
                options.real(name)
        except InvalidGraph:
            pass
