"""Which outputs rate classes, and which classes they rate highest."""

from pathlib import Path

import numpy as np
import pytest

from npu_hal.api import DType, InvalidInput, Quantization, Tensor
from npu_hal.tasks.labels import check_labels, is_rating, read_labels, top_classes


@pytest.mark.parametrize(
    ("shape", "dtype", "expected"),
    [
        ((1, 1001), DType.UINT8, True),
        ((1, 1, 1, 10), DType.FLOAT32, True),
        ((5,), DType.INT8, True),
        ((1, 1), DType.UINT8, False),
        ((2, 10), DType.UINT8, False),
        ((1, 0), DType.UINT8, False),
        ((), DType.FLOAT32, False),
        ((1, 10), DType.COMPLEX64, False),
    ],
)
def test_ratings_lie_along_one_axis(shape: tuple[int, ...], dtype: DType, expected: bool) -> None:
    assert is_rating(Tensor(name="y", shape=shape, dtype=dtype)) is expected


def test_the_highest_come_first_and_equal_ones_in_order() -> None:
    tensor = Tensor(name="y", shape=(1, 5), dtype=DType.INT8, quantization=Quantization.per_tensor(0.5, -3))
    rated = top_classes(np.array([[4, 7, -9, 7, 0]], np.int8), tensor, 3, ("a", "b", "c", "d", "e"))
    assert [(entry.index, entry.label, entry.value, entry.score) for entry in rated] == [
        (1, "b", 7, 5.0),
        (3, "d", 7, 5.0),
        (0, "a", 4, 3.5),
    ]


def test_more_classes_than_there_are_is_all() -> None:
    tensor = Tensor(name="y", shape=(3,), dtype=DType.FLOAT32)
    assert len(top_classes(np.array([1, 2, 3], np.float32), tensor, 5, None)) == 3


def test_labels_belong_to_the_output_with_as_many_classes() -> None:
    boxes = Tensor(name="boxes", shape=(10, 4), dtype=DType.FLOAT32)
    two = Tensor(name="two", shape=(1, 2), dtype=DType.FLOAT32)
    three = Tensor(name="three", shape=(1, 3), dtype=DType.FLOAT32)
    labels = ("a", "b")
    check_labels(labels, [boxes, three, two])
    assert top_classes(np.array([[1, 2]], np.float32), two, 1, labels)[0].label == "b"
    assert top_classes(np.array([[1, 3, 2]], np.float32), three, 1, labels)[0].label is None
    with pytest.raises(InvalidInput, match="names 2 classes, but output 'three' rates 3; it belongs to another model"):
        check_labels(labels, [boxes, three])
    with pytest.raises(InvalidInput, match="names 2 classes, but no output rates classes"):
        check_labels(labels, [boxes])


def test_labels_are_lines_without_an_empty_end(tmp_path: Path) -> None:
    path = tmp_path / "labels.txt"
    path.write_text("great white shark\n\nÅland horse \r\n\n\n", encoding="utf-8")
    assert read_labels(path) == ("great white shark", "", "Åland horse")


def test_a_byte_order_mark_is_no_part_of_a_name(tmp_path: Path) -> None:
    path = tmp_path / "labels.txt"
    path.write_bytes(b"\xef\xbb\xbfbackground\r\ncat\r\n")
    assert read_labels(path) == ("background", "cat")


def test_labels_in_another_encoding_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "labels.txt"
    for encoding in ("utf-16", "latin-1"):
        path.write_text("Ålandshäst\n", encoding=encoding)
        with pytest.raises(InvalidInput, match="could not be read as UTF-8, save it as such"):
            read_labels(path)
