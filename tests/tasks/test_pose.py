"""People in a picture, from outputs whose meaning is known."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from npu_hal.api import Array, InvalidInput
from npu_hal.tasks import ModelInterface, TaskSettings
from npu_hal.tasks.pose import Pose, Poses
from npu_hal.tasks.poses.skeleton import KEY_POINTS

from .interfaces import grey_picture, interface

# The tree along which PoseNet's offsets lead, by names; the numbers of its edges are those of the model's channels.
EDGES = """nose-left eye, left eye-left ear, nose-right eye, right eye-right ear, nose-left shoulder,
left shoulder-left elbow, left elbow-left wrist, left shoulder-left hip, left hip-left knee, left knee-left ankle,
nose-right shoulder, right shoulder-right elbow, right elbow-right wrist, right shoulder-right hip,
right hip-right knee, right knee-right ankle"""

MOVENET = interface([(1, 192, 192, 3)], [(1, 1, 17, 3)])
GRID = (23, 31)
POSENET = interface([(1, 353, 481, 3)], [(1, *GRID, 17), (1, *GRID, 34), (1, *GRID, 64)])


def estimate(model: ModelInterface, outputs: list[Array], picture: Path, threshold: float | None = None) -> Poses:
    return Pose(model, TaskSettings(threshold=threshold)).prepare([picture]).interpret([outputs])


def test_movenets_points_are_in_the_pictures_pixels(tmp_path: Path) -> None:
    output = np.full((1, 1, 17, 3), 0.5, np.float32)
    output[0, 0, 3] = [0.25, 0.75, 0.9]
    # 100x200 pixels lie in the middle half of the square input's height.
    (person,) = estimate(MOVENET, [output], grey_picture(tmp_path, 100, 200)).people
    np.testing.assert_allclose(person.points[3], [0, 150])
    np.testing.assert_allclose(person.points[0], [50, 100])
    assert person.scores[3] == pytest.approx(0.9)
    assert person.score == pytest.approx((16 * 0.5 + 0.9) / 17)


def test_an_unlikely_person_is_none(tmp_path: Path) -> None:
    output = np.full((1, 1, 17, 3), 0.2, np.float32)
    picture = grey_picture(tmp_path, 10, 10)
    assert estimate(MOVENET, [output], picture).people == ()
    assert len(estimate(MOVENET, [output], picture, threshold=0.1).people) == 1


def paint(outputs: list[NDArray[np.float32]], points: NDArray[np.float64], logit: float) -> None:
    """Put a person whose key points are at pixels `points` ``[17, 2]`` into PoseNet's outputs."""
    scores, short, mid = (output[0] for output in outputs)
    cells = np.stack(np.meshgrid(np.arange(GRID[0]), np.arange(GRID[1]), indexing="ij"), axis=-1) * 16.0
    for number, place in enumerate(points):
        is_near = np.abs(cells - place).max(axis=-1) <= 24
        distance = np.square(cells - place).sum(axis=-1)
        scores[is_near, number] = (logit - distance / 1000)[is_near]
        for axis in range(2):
            short[is_near, 17 * axis + number] = (place[axis] - cells[..., axis])[is_near]
    for edge, names in enumerate(EDGES.replace("\n", " ").split(", ")):
        start, end = (KEY_POINTS.index(name) for name in names.split("-"))
        for channel, source, target in ((edge, start, end), (32 + edge, end, start)):
            is_near = np.abs(cells - points[source]).max(axis=-1) <= 24
            for axis in range(2):
                # Coarse as it is: the short offsets at its end are to put it right.
                mid[is_near, channel + 16 * axis] = points[target][axis] - points[source][axis] + 5


def people() -> list[NDArray[np.float64]]:
    # Spread out so that no two points of a person share a cell.
    places = np.array([(40 + 50 * (number % 6), 20 + 60 * (number // 6)) for number in range(17)], np.float64)
    return [places + np.array([3, 5]), places + np.array([1.5, 240.25])]


def test_posenet_tells_two_people_apart(tmp_path: Path) -> None:
    outputs = [np.full((1, *GRID, 17), -30, np.float32), *(np.zeros((1, *GRID, n), np.float32) for n in (34, 64))]
    for points, logit in zip(people(), (4.0, 3.0), strict=True):
        paint(outputs, points, logit)
    values: list[Array] = list(outputs)
    found = estimate(POSENET, values, grey_picture(tmp_path, 353, 481)).people
    assert len(found) == 2
    for person, points in zip(found, people(), strict=True):
        # Between cells, offsets are interpolated in float32.
        np.testing.assert_allclose(person.points, points + 0.5, atol=1e-3)
    assert found[0].score > found[1].score > 0.8


def test_posenet_does_not_count_a_person_twice(tmp_path: Path) -> None:
    outputs = [np.full((1, *GRID, 17), -30, np.float32), *(np.zeros((1, *GRID, n), np.float32) for n in (34, 64))]
    (person, _) = people()
    # A second nose, from which the offsets lead to the same body.
    other = person.copy()
    other[0] += [0, 60]
    for points, logit in ((other, 3.0), (person, 4.0)):
        paint(outputs, points, logit)
    values: list[Array] = list(outputs)
    (found,) = estimate(POSENET, values, grey_picture(tmp_path, 353, 481)).people
    np.testing.assert_allclose(found.points, person + 0.5, atol=1e-3)


def test_posenet_finds_nobody_in_emptiness(tmp_path: Path) -> None:
    outputs: list[Array] = [np.full((1, *GRID, 17), -1e30, np.float32), *POSENET_OFFSETS]
    assert estimate(POSENET, outputs, grey_picture(tmp_path, 20, 20)).people == ()


POSENET_OFFSETS = [np.zeros((1, *GRID, channels), np.float32) for channels in (34, 64)]


def test_other_outputs_are_refused() -> None:
    model = interface([(1, 192, 192, 3)], [(1, 1, 18, 3)])
    assert not Pose.recognises(model)
    with pytest.raises(InvalidInput, match=r"\[1, 1, 18, 3\] tell key points is not known"):
        Pose(model, TaskSettings())


@pytest.mark.parametrize("threshold", [-0.5, 1.0, float("nan")])
def test_thresholds_are_probabilities(threshold: float) -> None:
    with pytest.raises(InvalidInput, match="is no threshold"):
        Pose(MOVENET, TaskSettings(threshold=threshold))


def test_points_that_are_no_numbers_are_refused(tmp_path: Path) -> None:
    output = np.full((1, 1, 17, 3), np.inf, np.float32)
    with pytest.raises(InvalidInput, match="key points that are not finite"):
        estimate(MOVENET, [output], grey_picture(tmp_path, 10, 10))
