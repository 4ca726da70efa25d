"""Objects in a picture, from outputs whose meaning is known."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from npu_hal.api import Array, DType, InvalidInput
from npu_hal.tasks import ModelInterface, TaskSettings
from npu_hal.tasks.detect import Detect, Detection

from .interfaces import grey_picture, interface, tensor

LABELS = tuple(f"thing {index}" for index in range(4))


def detect(model: ModelInterface, outputs: list[Array], picture: Path, settings: TaskSettings) -> Detection:
    job = Detect(model, settings).prepare([picture])
    assert [(entry.shape, entry.dtype) for entry in job.inputs[0]] == [
        (tensor.shape, tensor.dtype.numpy) for tensor in model.inputs
    ]
    return job.interpret([outputs])


def logit(probability: float) -> float:
    return float(np.log(probability / (1 - probability)))


def test_post_processed_boxes_are_in_the_pictures_pixels(tmp_path: Path) -> None:
    model = interface([(1, 32, 32, 3)], [(1, 3, 4), (1, 3), (1, 3), (1,)], detected_classes=4)
    # What lies behind the count is not to be read.
    boxes = np.array([[[0.1, 0.2, 0.5, 0.6], [0.0, -0.1, 1.2, 1.0], [np.nan] * 4]], np.float32)
    outputs: list[Array] = [
        boxes,
        np.array([[2, 0, 1]], np.float32),
        np.array([[0.7, 0.9, np.nan]], np.float32),
        np.array([2], np.float32),
    ]
    found = detect(model, outputs, grey_picture(tmp_path, 200, 100), TaskSettings(labels=LABELS)).objects
    assert [(entry.index, entry.label) for entry in found] == [(0, "thing 0"), (2, "thing 2")]
    assert [entry.score for entry in found] == pytest.approx([0.9, 0.7])
    assert (found[0].top, found[0].left, found[0].bottom, found[0].right) == pytest.approx((0, 0, 200, 100))
    assert (found[1].top, found[1].left, found[1].bottom, found[1].right) == pytest.approx((20, 20, 100, 60), rel=1e-6)


def test_codes_are_decoded_against_given_anchors(tmp_path: Path) -> None:
    model = interface([(1, 32, 32, 3)], [(1, 2, 5), (1, 2, 4), (1, 2, 4)])
    scores = np.array([[[0.1, 0.0, 0.0, 0.8, 0.1], [0.9, 0.05, 0.05, 0.0, 0.0]]], np.float32)
    codes = np.array([[[0.5, 0.25, 0.5, 0.25], [0, 0, 0, 0]]], np.float32)
    anchors = np.array([[[0.2, 0.4, 0.4, 0.8], [0, 0, 1, 1]]], np.float32)
    outputs: list[Array] = [scores, codes, anchors]
    (found,) = detect(model, outputs, grey_picture(tmp_path, 100, 200), TaskSettings(labels=LABELS)).objects
    # The anchor is 0.2 wide and 0.4 high: moved by 0.1 each.
    assert (found.left, found.top, found.right, found.bottom) == pytest.approx((60, 50, 100, 90), rel=1e-5)
    assert (found.index, found.label) == (3, "thing 2")


def face_outputs_of_blazeface() -> list[Array]:
    outputs = [np.full((1, 512, 1), -50.0), np.full((1, 384, 1), -50.0), np.zeros((1, 512, 16)), np.zeros((1, 384, 16))]
    # Row 4, column 10 of the coarse grid does not exist; of the fine one it is anchor 2 * (4 * 16 + 10).
    anchor = 2 * (4 * 16 + 10)
    outputs[0][0, anchor, 0] = logit(0.9)
    outputs[2][0, anchor] = [0, 0, 32, 16, *([-8, 8] * 6)]
    return [output.astype(np.float32) for output in outputs]


def test_blazeface_finds_a_face_and_its_marks(tmp_path: Path) -> None:
    model = interface([(1, 128, 128, 3)], [(1, 512, 1), (1, 384, 1), (1, 512, 16), (1, 384, 16)])
    picture = grey_picture(tmp_path, 256, 256)
    (found,) = detect(model, face_outputs_of_blazeface(), picture, TaskSettings()).objects
    # The anchor's middle is pixel (36, 84) of 128, and the picture is twice as large.
    assert (found.left, found.top, found.right, found.bottom) == pytest.approx((136, 56, 200, 88))
    np.testing.assert_allclose(found.points, [(88, 152)] * 6)
    assert found.label == "face"
    assert found.score == pytest.approx(0.9, rel=1e-6)


def test_boxes_of_a_wide_picture_leave_its_border_out(tmp_path: Path) -> None:
    model = interface([(1, 128, 128, 3)], [(1, 512, 1), (1, 384, 1), (1, 512, 16), (1, 384, 16)])
    # 256x128 pixels lie in the input as 128x64, from row 32 on.
    picture = grey_picture(tmp_path, 128, 256)
    (found,) = detect(model, face_outputs_of_blazeface(), picture, TaskSettings()).objects
    assert (found.left, found.top, found.right, found.bottom) == pytest.approx((136, 0, 200, 24))


def test_yolo_finds_a_face(tmp_path: Path) -> None:
    grids = [np.full((1, rows, columns, 18), -40.0, np.float32) for rows, columns in ((16, 20), (4, 5), (8, 10))]
    # Row 1, column 2 of the coarse grid, second anchor, 59x82 pixels: in the cell's middle, half as wide, as high.
    grids[1][0, 1, 2, 6:12] = [0, 0, np.log(0.5), 0, logit(0.8), 5]
    model = interface([(1, 128, 160, 3)], [grid.shape for grid in grids])
    outputs: list[Array] = list(grids)
    (found,) = detect(model, outputs, grey_picture(tmp_path, 128, 160), TaskSettings()).objects
    assert (found.left, found.right) == pytest.approx((80 - 59 / 4, 80 + 59 / 4))
    assert (found.top, found.bottom) == pytest.approx((48 - 41, 48 + 41))
    assert found.score == pytest.approx(0.8, rel=1e-6)


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (("a", "b", "c", "d"), "c"),
        (("background", "a", "b", "c", "d"), "c"),
        (("a", "n/a", "b", "c", "???", "n/a", "d"), "c"),
        (None, None),
    ],
)
def test_label_files_may_name_the_background_or_numbers_without_a_class(
    tmp_path: Path, labels: tuple[str, ...] | None, expected: str | None
) -> None:
    model = interface([(1, 32, 32, 3)], [(1, 1, 5), (1, 1, 4), (1, 1, 4)])
    outputs: list[Array] = [
        np.array([[[0, 0, 0, 1, 0]]], np.float32),
        np.zeros((1, 1, 4), np.float32),
        np.array([[[0, 0, 1, 1]]], np.float32),
    ]
    (found,) = detect(model, outputs, grey_picture(tmp_path, 32, 32), TaskSettings(labels=labels)).objects
    assert found.label == expected


def test_labels_of_another_model_are_refused() -> None:
    model = interface([(1, 32, 32, 3)], [(1, 1, 5), (1, 1, 4), (1, 1, 4)])
    for labels in (("a", "b"), ()):
        with pytest.raises(InvalidInput, match=f"names {len(labels)} classes, but the model rates 4"):
            Detect(model, TaskSettings(labels=labels))


def test_outputs_of_no_known_form_are_refused() -> None:
    model = interface([(1, 32, 32, 3)], [tensor((1, 100, 85), DType.FLOAT32)])
    assert not Detect.recognises(model)
    with pytest.raises(InvalidInput, match=r"'tensor' \[1, 100, 85\] tell boxes is not known"):
        Detect(model, TaskSettings())


def test_boxes_that_are_no_numbers_are_refused(tmp_path: Path) -> None:
    model = interface([(1, 32, 32, 3)], [(1, 1, 4), (1, 1), (1, 1), (1,)])
    outputs: list[Array] = [
        np.full((1, 1, 4), np.nan, np.float32),
        np.zeros((1, 1), np.float32),
        np.ones((1, 1), np.float32),
        np.ones(1, np.float32),
    ]
    with pytest.raises(InvalidInput, match="boxes that are not finite"):
        detect(model, outputs, grey_picture(tmp_path, 32, 32), TaskSettings())


@pytest.mark.parametrize(("position", "what"), [(1, "classes"), (3, "counts")])
def test_classes_and_counts_that_are_no_numbers_are_refused(tmp_path: Path, position: int, what: str) -> None:
    model = interface([(1, 32, 32, 3)], [(1, 1, 4), (1, 1), (1, 1), (1,)])
    outputs: list[Array] = [np.ones(tensor.shape, np.float32) for tensor in model.outputs]
    outputs[position][...] = np.nan
    with pytest.raises(InvalidInput, match=f"{what} that are not finite"):
        detect(model, outputs, grey_picture(tmp_path, 32, 32), TaskSettings())
    outputs[position][...] = 1e30
    (found,) = detect(model, outputs, grey_picture(tmp_path, 32, 32), TaskSettings(labels=("a", "b"))).objects
    assert found.label == (None if position == 1 else "b")


def test_objects_are_drawn_where_they_are(tmp_path: Path) -> None:
    model = interface([(1, 32, 32, 3)], [(1, 1, 4), (1, 1), (1, 1), (1,)])
    outputs: list[Array] = [
        np.array([[[0.5, 0.5, 0.875, 0.875]]], np.float32),
        np.zeros((1, 1), np.float32),
        np.ones((1, 1), np.float32),
        np.ones(1, np.float32),
    ]
    drawn = np.asarray(detect(model, outputs, grey_picture(tmp_path, 80, 80), TaskSettings()).draw())
    changed: NDArray[np.bool_] = (drawn != 100).any(axis=2)
    assert changed[40:71, 40].all()
    assert changed[70, 40:71].all()
    assert not changed[45:65, 45:65].any()
    # The caption is above the box.
    assert not changed[42:, :39].any()
