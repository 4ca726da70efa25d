"""Which file becomes which input, and arrays that fit or do not."""

import re
from pathlib import Path

import numpy as np
import pytest

from npu_hal.api import DType, InvalidInput, Tensor
from npu_hal.inputs import PixelRange, load_inputs, random_values

A = Tensor(name="a", shape=(1, 2), dtype=DType.UINT8)
B = Tensor(name="b", shape=(2, 2), dtype=DType.FLOAT32)


def npy(path: Path, values: object, dtype: str) -> Path:
    np.save(path, np.array(values, dtype))
    return path


def npz(path: Path, **arrays: object) -> Path:
    np.savez(path, **{name: np.array(values) for name, values in arrays.items()})  # type: ignore[arg-type]
    return path


def test_files_are_taken_in_order(tmp_path: Path) -> None:
    files = [npy(tmp_path / "x.npy", [[1, 2]], "u1"), npy(tmp_path / "y.npy", [[1, 2], [3, 4]], "f4")]
    a, b = load_inputs(files, [A, B])
    np.testing.assert_array_equal(a, [[1, 2]])
    np.testing.assert_array_equal(b, [[1, 2], [3, 4]])


def test_an_npz_names_its_inputs(tmp_path: Path) -> None:
    file = npz(tmp_path / "x.npz", b=np.ones((2, 2), np.float32), a=np.array([[5, 6]], np.uint8))
    a, b = load_inputs([file], [A, B])
    np.testing.assert_array_equal(a, [[5, 6]])
    np.testing.assert_array_equal(b, np.ones((2, 2)))


def test_other_names_than_the_tensors_can_be_given(tmp_path: Path) -> None:
    file = npz(tmp_path / "x.npz", left=np.ones((2, 2), np.float32), right=np.array([[5, 6]], np.uint8))
    a, _ = load_inputs([file], [A, B], names=["right", "left"])
    np.testing.assert_array_equal(a, [[5, 6]])


def test_an_npz_without_the_names_counts(tmp_path: Path) -> None:
    file = npz(tmp_path / "x.npz", first=np.array([[5, 6]], np.uint8), second=np.ones((2, 2), np.float32))
    a, _ = load_inputs([file], [A, B])
    np.testing.assert_array_equal(a, [[5, 6]])


def test_missing_inputs_are_random_if_asked(tmp_path: Path) -> None:
    files = [npy(tmp_path / "x.npy", [[1, 2]], "u1")]
    with pytest.raises(InvalidInput, match=re.escape("input 1 'b', float32[2, 2], has no value")):
        load_inputs(files, [A, B])
    a, b = load_inputs(files, [A, B], random_seed=3)
    np.testing.assert_array_equal(a, [[1, 2]])
    assert b.dtype == np.float32
    assert len(np.unique(b)) == 4


@pytest.mark.parametrize(
    ("values", "dtype"),
    [([1, 2], "u1"), ([[[1], [2]]], "u1"), ([[1, 2]], "i8"), ([[0, 255]], "u2")],
)
def test_shapes_may_differ_by_ones_and_integers_by_width(tmp_path: Path, values: object, dtype: str) -> None:
    (loaded,) = load_inputs([npy(tmp_path / "x.npy", values, dtype)], [A])
    assert (loaded.shape, loaded.dtype) == ((1, 2), np.uint8)
    np.testing.assert_array_equal(loaded.ravel(), np.ravel(np.array(values)))


def test_wider_floats_are_narrowed(tmp_path: Path) -> None:
    (loaded,) = load_inputs([npy(tmp_path / "x.npy", [[0.1, 1e300], [3, 4]], "f8")], [B])
    assert loaded.dtype == np.float32
    assert loaded[0].tolist() == [np.float32(0.1), np.inf]
    spectrum = Tensor(name="spectrum", shape=(1, 2), dtype=DType.COMPLEX64)
    (loaded,) = load_inputs([npy(tmp_path / "x.npy", [0.5 + 2j, -1j], "c16")], [spectrum])
    assert loaded.dtype == np.complex64
    assert loaded.tolist() == [[0.5 + 2j, -1j]]


@pytest.mark.parametrize(
    ("values", "dtype", "tensor", "words"),
    [
        ([[1, 2, 3]], "u1", A, "has shape [1, 3], but input 'a' is uint8[1, 2]"),
        ([[1], [2]], "f4", B, "has shape [2, 1], but input 'b' is float32[2, 2]"),
        ([[1, 256]], "i4", A, "has elements of int32 that do not fit: input 'a' is uint8[1, 2]"),
        ([[-1, 2]], "i1", A, "has elements of int8 that do not fit"),
        ([[0.5, 2]], "f4", A, "has elements of float32 that do not fit"),
        ([[1, 2], [3, 4]], "i4", B, "has elements of int32 that do not fit"),
    ],
)
def test_arrays_that_do_not_fit_are_named(
    tmp_path: Path, values: object, dtype: str, tensor: Tensor, words: str
) -> None:
    with pytest.raises(InvalidInput, match=re.escape(words)):
        load_inputs([npy(tmp_path / "x.npy", values, dtype)], [tensor])


def test_inputs_are_given_once(tmp_path: Path) -> None:
    named = npz(tmp_path / "x.npz", a=np.array([[5, 6]], np.uint8))
    with pytest.raises(InvalidInput, match="which another file gave already"):
        load_inputs([named, named], [A, B])
    stray = npz(tmp_path / "y.npz", a=np.array([[5, 6]], np.uint8), c=np.zeros(3))
    with pytest.raises(InvalidInput, match="an array 'c'; the model's inputs are: a, b"):
        load_inputs([stray], [A, B])


@pytest.mark.parametrize("dtype", list(DType))
def test_random_values_fit_every_type(dtype: DType) -> None:
    tensor = Tensor(name="x", shape=(100, 100), dtype=dtype)
    values = random_values(tensor, np.random.default_rng(1))
    assert (values.shape, values.dtype) == (tensor.shape, dtype.numpy)
    np.testing.assert_array_equal(values, random_values(tensor, np.random.default_rng(1)))
    if dtype.is_quantised8:
        assert (int(values.min()), int(values.max())) == dtype.integer_range


def test_damaged_arrays_are_refused(tmp_path: Path) -> None:
    header = npy(tmp_path / "x.npy", [[1, 2]], "u1")
    header.write_bytes(header.read_bytes().replace(b"}", b"{"))
    packed = tmp_path / "x.npz"
    np.savez_compressed(packed, a=np.zeros(1000))
    # The first byte of the deflated data follows the local header, of 30 bytes, a name and an extra field.
    data = bytearray(packed.read_bytes())
    start = 30 + int.from_bytes(data[26:28], "little") + int.from_bytes(data[28:30], "little")
    data[start] |= 0b110
    packed.write_bytes(data)
    for path in (header, packed):
        with pytest.raises(InvalidInput, match="could not be read"):
            load_inputs([path], [A])


def test_a_pixel_range_without_an_image_is_refused(tmp_path: Path) -> None:
    file = npy(tmp_path / "x.npy", [[1, 2]], "u1")
    for files in ([], [file]):
        with pytest.raises(InvalidInput, match="no file with an image"):
            load_inputs(files, [A], pixel_range=PixelRange(0.0, 1.0), random_seed=1)
