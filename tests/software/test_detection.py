"""Detection post-processing against TensorFlow Lite's reference kernel."""

from typing import Any

import numpy as np
import pytest

from npu_hal.api import Array, DetectionPostProcess, DType, Graph, GraphBuilder, InvalidGraph, Quantization
from tests.litert import run_file
from tests.software.checks import assert_same, run_reference
from tests.tflite_layers import write_layer

ANCHORS = 300
CLASSES = 5


def detection(dtype: DType, has_background: bool, **options: Any) -> Graph:
    """The graph of one post-processing; `options` are attributes of the operation."""
    builder = GraphBuilder("detection")
    random = np.random.default_rng(3)

    def quantization(scale: float, zero_point: int) -> Quantization | None:
        return Quantization.per_tensor(float(np.float32(scale)), zero_point) if dtype.is_integer else None

    encodings = builder.input("encodings", (1, ANCHORS, 4), dtype, quantization(0.08, 120))
    scores = builder.input("scores", (1, ANCHORS, CLASSES + has_background), dtype, quantization(1 / 256, 0))
    centres, sizes = random.uniform(0, 1, (ANCHORS, 2)), random.uniform(0.1, 0.4, (ANCHORS, 2))
    anchors = np.concatenate([centres, sizes], axis=1).astype(np.float32)
    if dtype.is_integer:
        stored = np.round(anchors * 100).astype(np.uint8)
        anchor = builder.constant("anchors", stored, quantization(0.01, 0))
    else:
        anchor = builder.constant("anchors", anchors)
    outputs = [builder.tensor(name, DType.FLOAT32) for name in ("boxes", "classes", "scores", "count")]
    attributes: dict[str, Any] = {
        "max_detections": 10,
        "max_classes_per_detection": 1,
        "score_threshold": 0.2,
        "iou_threshold": 0.5,
        "num_classes": CLASSES,
        "y_scale": 10.0,
        "x_scale": 10.0,
        "h_scale": 5.0,
        "w_scale": 5.0,
    }
    builder.append(
        DetectionPostProcess(
            box_encodings=encodings,
            class_predictions=scores,
            anchors=anchor,
            **dict(zip(("boxes", "classes", "scores", "count"), outputs, strict=True)),
            **(attributes | options),
        )
    )
    return builder.build(outputs)


def random_inputs(graph: Graph, seed: int) -> list[Array]:
    random = np.random.default_rng(seed)
    encodings, scores = graph.input_tensors
    if encodings.dtype.is_integer:
        return [random.integers(0, 256, tensor.shape, np.uint8) for tensor in (encodings, scores)]
    # Scores in steps, so that some are equal.
    return [
        random.normal(0, 3, encodings.shape).astype(np.float32),
        (random.integers(0, 40, scores.shape) / 40).astype(np.float32),
    ]


def valid(outputs: list[Array]) -> list[Array]:
    """The outputs without entries beyond the number of detections, which TensorFlow Lite leaves as they were."""
    boxes, classes, scores, count = outputs
    found = int(count[0])
    return [boxes[:, :found], classes[:, :found], scores[:, :found], count]


@pytest.mark.parametrize("dtype", [DType.FLOAT32, DType.UINT8])
@pytest.mark.parametrize("has_background", [False, True])
@pytest.mark.parametrize("use_regular_nms", [False, True])
def test_one_class_a_detection(dtype: DType, has_background: bool, use_regular_nms: bool) -> None:
    graph = detection(dtype, has_background, use_regular_nms=use_regular_nms, detections_per_class=4)
    for seed in range(5):
        inputs = random_inputs(graph, seed)
        assert_same(valid(run_reference(graph, inputs)), valid(run_file(write_layer(graph), inputs)))


def test_several_classes_a_detection() -> None:
    graph = detection(DType.FLOAT32, True, max_classes_per_detection=3)
    random = np.random.default_rng(1)
    for seed in range(5):
        encodings, scores = random_inputs(graph, seed)
        # Which of equal scores of one box comes first is left open by a partial sort.
        scores = random.permutation(scores.size).reshape(scores.shape).astype(np.float32) / scores.size
        results, expected = run_reference(graph, [encodings, scores]), run_file(write_layer(graph), [encodings, scores])
        assert results[3] == expected[3]
        shown = int(results[3][0]) * 3
        assert shown > 10
        assert_same([part[:, :shown] for part in results[:3]], [part[:, :shown] for part in expected[:3]])


def test_one_class_a_detection_where_more_are_asked_for_than_there_are() -> None:
    graph = detection(DType.FLOAT32, True, use_regular_nms=True, max_classes_per_detection=CLASSES + 1)
    inputs = random_inputs(graph, 2)
    assert_same(valid(run_reference(graph, inputs)), valid(run_file(write_layer(graph), inputs)))
    with pytest.raises(InvalidGraph, match="6 classes of each box cannot be given where there are 5"):
        detection(DType.FLOAT32, True, max_classes_per_detection=CLASSES + 1)


def test_nothing_above_the_threshold() -> None:
    graph = detection(DType.FLOAT32, False, score_threshold=2.0)
    boxes, classes, scores, count = run_reference(graph, random_inputs(graph, 1))
    assert count == 0
    assert not boxes.any()
    assert not classes.any()
    assert not scores.any()
