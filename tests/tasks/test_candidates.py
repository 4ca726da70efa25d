"""Which boxes are kept."""

import numpy as np
import pytest

from npu_hal.tasks.detection.candidates import Candidates, intersection_over_union


def test_areas_shared_and_covered() -> None:
    box = np.array([0.0, 0.0, 2.0, 2.0])
    others = np.array([[0, 0, 2, 2], [1, 1, 3, 3], [0, 1, 2, 3], [2, 2, 3, 3], [5, 5, 6, 6]], np.float64)
    assert intersection_over_union(box, others).tolist() == pytest.approx([1, 1 / 7, 1 / 3, 0, 0])


def test_an_empty_box_shares_nothing() -> None:
    point = np.zeros((1, 4))
    assert intersection_over_union(point[0], point).tolist() == [0.0]


def test_the_best_of_overlapping_boxes_of_a_class_is_kept() -> None:
    boxes = np.array([[0, 0, 10, 10], [0, 0, 10, 9], [0, 0, 10, 8], [50, 50, 60, 60], [0, 0, 1, 1]], np.float64)
    candidates = Candidates.of(boxes, np.array([1, 1, 2, 1, 1]), np.array([0.6, 0.9, 0.8, 0.7, 0.1]))
    kept = candidates.best(threshold=0.5, overlap=0.5, count=10)
    assert kept.scores.tolist() == [0.9, 0.8, 0.7]
    assert kept.classes.tolist() == [1, 2, 1]
    assert candidates.best(0.5, 0.5, 2).scores.tolist() == [0.9, 0.8]
    assert len(candidates.best(0.9, 0.5, 10)) == 0
    assert len(candidates.best(0.5, 0.95, 10)) == 4
