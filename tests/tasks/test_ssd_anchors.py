"""Anchors and box coding of SSD, against those stored in a published model."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from npu_hal.api import Array, DetectionPostProcess
from npu_hal.tasks import ModelInterface, ModelMetadata, TaskSettings
from npu_hal.tasks.detect import Detect
from npu_hal.tasks.detection.ssd_anchors import decode_boxes, ssd_anchors
from npu_hal.tasks.labels import real_values
from npu_hal.tflite.reader import read_model

from .interfaces import grey_picture, interface
from .litert_model import LiteRtModel

MODEL = "models/detection/coco_ssd_mobilenet_v1_1.0_quant_2018_06_29.tflite"


def test_the_anchors_are_those_of_a_published_detector(shared: Path) -> None:
    model = read_model(shared / MODEL)
    (operation,) = (entry for entry in model.graph.operations if isinstance(entry, DetectionPostProcess))
    tensor = model.graph.tensors[operation.anchors]
    stored = real_values(tensor.constant(), tensor)
    # The model stores them in 8 bits.
    assert tensor.quantization is not None
    np.testing.assert_allclose(ssd_anchors(300, 300), stored, rtol=0, atol=1.01 * tensor.quantization.scale)


def test_boxes_are_decoded_as_tensorflow_lite_does(shared: Path) -> None:
    model = read_model(shared / MODEL)
    (operation,) = (entry for entry in model.graph.operations if isinstance(entry, DetectionPostProcess))
    runtime = LiteRtModel(shared / MODEL, keep_all=True)
    picture = shared / "inputs" / "kite_and_cold.jpg"
    task = Detect(ModelInterface.of(model, ModelMetadata()), TaskSettings())
    boxes, _, scores, _ = runtime(task.prepare([picture]).inputs[0])
    real = {
        index: real_values(runtime.tensor(model.tensor_indices[index]), model.graph.tensors[index])
        for index in (operation.box_encodings, operation.class_predictions)
    }
    anchors = model.graph.tensors[operation.anchors]
    decoded = decode_boxes(real[operation.box_encodings][0], real_values(anchors.constant(), anchors))
    distances = np.abs(decoded[np.newaxis] - boxes[0][:, np.newaxis]).max(axis=2)
    nearest = distances.argmin(axis=1)
    assert distances.min(axis=1).max() < 1e-5
    np.testing.assert_allclose(real[operation.class_predictions][0][nearest, 1:].max(axis=1), scores[0], rtol=1e-6)


def test_a_code_moves_and_scales_its_anchor(tmp_path: Path) -> None:
    anchors = ssd_anchors(320, 320)
    assert anchors.shape == (2034, 4)
    model = interface([(1, 320, 320, 3)], [(1, 2034, 4), (1, 2034, 91)])
    codes, scores = np.zeros((1, 2034, 4), np.float32), np.zeros((1, 2034, 91), np.float32)
    scores[..., 0] = 1
    # The only square anchor of scale 0.95 to 1 in the last layer, whose one cell is in the middle.
    last = 2034 - 1
    size = np.sqrt(0.95)
    assert anchors[last].tolist() == [0.5, 0.5, size, size]
    scores[0, last, 17] = 0.9
    codes[0, last] = [1, -2, 5 * np.log(0.5), 5 * np.log(0.25)]
    outputs: list[Array] = [codes, scores]
    (found,) = Detect(model, TaskSettings()).prepare([grey_picture(tmp_path, 100, 100)]).interpret([outputs]).objects
    middle: NDArray[np.float64] = 100 * np.array([0.5 + 0.1 * size, 0.5 - 0.2 * size])
    np.testing.assert_allclose([found.top, found.bottom], middle[0] + [-25 * size, 25 * size], rtol=1e-5)
    np.testing.assert_allclose([found.left, found.right], middle[1] + [-12.5 * size, 12.5 * size], rtol=1e-5)
    assert found.index == 17
