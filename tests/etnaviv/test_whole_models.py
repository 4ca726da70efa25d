"""Whole models through the delegate on both emulated chips."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.etnaviv.golden_weights import CHIPS
from tests.etnaviv.whole_models import (
    DEEPLAB,
    MOBILEDET,
    MOBILENET_V1,
    MOBILENET_V2,
    MOBILENET_V2_BIRD,
    POSENET,
    SSD,
    Measurement,
    WholeModel,
    measure,
)

BOTH = pytest.mark.parametrize("chip", CHIPS)
CERTAIN = 0.6
SAME_BOX = 0.8
MILITARY_UNIFORM = 653


def correlations(measurement: Measurement) -> list[float]:
    return [output.correlation for output in measurement.outputs]


@BOTH
@pytest.mark.parametrize(
    "model",
    [MOBILENET_V1, MOBILENET_V2, MOBILENET_V2_BIRD],
    ids=lambda model: f"{model.name.partition('_1.0')[0]}-{model.picture}",
)
def test_classes_agree(shared: Path, chip: str, model: WholeModel) -> None:
    measurement = measure(shared, model, chip)
    (output,) = measurement.outputs
    assert np.argmax(output.values) == np.argmax(output.expected)
    assert model is not MOBILENET_V1 or np.argmax(output.values) == MILITARY_UNIFORM
    assert output.correlation > 0.999
    assert measurement.macs_share == 1
    # All but the SOFTMAX.
    assert measurement.delegated == measurement.operations - 1
    assert measurement.partitions == 1


@BOTH
def test_mobiledet(shared: Path, chip: str) -> None:
    measurement = measure(shared, MOBILEDET, chip)
    assert min(correlations(measurement)) > 0.99
    assert measurement.partitions == 1
    assert measurement.macs_share == 1


@BOTH
def test_posenet(shared: Path, chip: str) -> None:
    measurement = measure(shared, POSENET, chip)
    assert min(correlations(measurement)) > 0.99
    assert measurement.delegated == measurement.operations


@BOTH
def test_deeplab(shared: Path, chip: str) -> None:
    measurement = measure(shared, DEEPLAB, chip)
    (output,) = measurement.outputs
    assert np.mean(output.values == output.expected) > 0.97
    assert measurement.macs_share > 0.9


@BOTH
def test_boxes_of_ssd_match(shared: Path, chip: str) -> None:
    measurement = measure(shared, SSD, chip)
    boxes, classes, scores, _ = (output.values[0] for output in measurement.outputs if output.values.ndim > 0)
    expected_boxes, expected_classes, expected_scores, _ = (output.expected[0] for output in measurement.outputs)
    certain = np.flatnonzero(expected_scores >= CERTAIN)
    assert len(certain) >= 3
    for index in certain:
        same = [
            other
            for other in range(len(scores))
            if classes[other] == expected_classes[index]
            and overlap(boxes[other], expected_boxes[index]) > SAME_BOX
            and abs(scores[other] - expected_scores[index]) < 0.05
        ]
        assert same, f"detection {index} of class {expected_classes[index]} is missing"


def overlap(first: NDArray[Any], second: NDArray[Any]) -> float:
    """Intersection over union of two boxes [top, left, bottom, right]."""
    top_left, bottom_right = np.maximum(first[:2], second[:2]), np.minimum(first[2:], second[2:])
    common = float(np.prod(np.maximum(bottom_right - top_left, 0)))
    areas = sum(float(np.prod(box[2:] - box[:2])) for box in (first, second))
    return common / (areas - common)
