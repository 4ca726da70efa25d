"""Images become inputs by the documented conventions."""

import warnings
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from npu_hal.api import DType, InvalidInput, Quantization, Tensor
from npu_hal.inputs import PixelRange
from npu_hal.inputs.image import load_image

# Two rows of three pixels; RGB and the luma that ITU-R 601 gives them, rounded as Pillow documents it.
COLOURS = np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255]], [[0, 0, 0], [255, 255, 255], [100, 100, 100]]], np.uint8)
LUMA = [[76, 150, 29], [0, 255, 100]]


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "picture.png"
    Image.fromarray(COLOURS).save(path)
    return path


def tensor(shape: tuple[int, ...], dtype: DType, scale: float | None = None, zero_point: int = 0) -> Tensor:
    quantization = None if scale is None else Quantization.per_tensor(scale, zero_point)
    return Tensor(name="image", shape=shape, dtype=dtype, quantization=quantization)


def test_uint8_takes_pixels_as_they_are(picture: Path) -> None:
    loaded = load_image(picture, tensor((1, 2, 3, 3), DType.UINT8, 0.0078125, 128))
    assert loaded.dtype == np.uint8
    np.testing.assert_array_equal(loaded, COLOURS[np.newaxis])


def test_int8_takes_pixels_minus_128(picture: Path) -> None:
    loaded = load_image(picture, tensor((1, 2, 3, 3), DType.INT8, 1.0, -128))
    assert loaded.dtype == np.int8
    np.testing.assert_array_equal(loaded.astype(int), COLOURS[np.newaxis].astype(int) - 128)


def test_float32_takes_0_to_1(picture: Path) -> None:
    loaded = load_image(picture, tensor((1, 2, 3, 3), DType.FLOAT32))
    assert loaded.dtype == np.float32
    np.testing.assert_allclose(loaded[0], COLOURS / 255, atol=1e-7)


def test_a_pixel_range_replaces_the_convention(picture: Path) -> None:
    loaded = load_image(picture, tensor((1, 2, 3, 3), DType.FLOAT32), PixelRange(-1, 1))
    np.testing.assert_allclose(loaded[0, 0, 0], [1, -1, -1], atol=1e-7)
    # real -1 .. 1 at scale 1/64, zero point 10: -54 .. 74
    loaded = load_image(picture, tensor((1, 2, 3, 3), DType.INT8, 1 / 64, 10), PixelRange(-1, 1))
    np.testing.assert_array_equal(loaded[0, 0, 0], [74, -54, -54])
    # beyond the integers' range values become its ends
    loaded = load_image(picture, tensor((1, 2, 3, 3), DType.UINT8, 1 / 1024, 0), PixelRange(-1, 1))
    np.testing.assert_array_equal(loaded[0, 0, 0], [255, 0, 0])


def test_grey_inputs_get_the_luma(picture: Path) -> None:
    loaded = load_image(picture, tensor((1, 2, 3, 1), DType.UINT8))
    np.testing.assert_array_equal(loaded[0, :, :, 0], LUMA)


def test_four_channels_get_opacity(picture: Path) -> None:
    loaded = load_image(picture, tensor((1, 2, 3, 4), DType.UINT8))
    np.testing.assert_array_equal(loaded[0, :, :, :3], COLOURS)
    assert (loaded[0, :, :, 3] == 255).all()


def test_channels_may_come_first(picture: Path) -> None:
    loaded = load_image(picture, tensor((1, 3, 2, 30), DType.UINT8))
    assert loaded.flags.c_contiguous
    assert loaded.shape == (1, 3, 2, 30)
    loaded = load_image(picture, tensor((1, 1, 2, 30), DType.UINT8))
    assert loaded.shape == (1, 1, 2, 30)


def test_images_are_resized_to_the_input(tmp_path: Path) -> None:
    path = tmp_path / "halves.png"
    Image.fromarray(np.repeat(np.array([[0, 200]], np.uint8), 50, axis=1).repeat(100, axis=0)).save(path)
    loaded = load_image(path, tensor((1, 8, 6, 1), DType.UINT8))[0, :, :, 0]
    np.testing.assert_array_equal(loaded[:, :2], 0)
    np.testing.assert_array_equal(loaded[:, 4:], 200)


def test_the_batch_may_be_missing(picture: Path) -> None:
    np.testing.assert_array_equal(load_image(picture, tensor((2, 3, 3), DType.UINT8)), COLOURS)


@pytest.mark.parametrize("shape", [(1, 10), (2, 8, 8, 3), (1, 8, 8, 2), (1, 0, 8, 3), ()])
def test_inputs_that_hold_no_image_are_named(picture: Path, shape: tuple[int, ...]) -> None:
    with pytest.raises(InvalidInput, match="holds no image of 1, 3 or 4 channels"):
        load_image(picture, tensor(shape, DType.UINT8))


def test_integers_without_a_scale_hold_no_real_numbers(picture: Path) -> None:
    with pytest.raises(InvalidInput, match="int16 without a scale"):
        load_image(picture, tensor((1, 2, 3, 3), DType.INT16))


def test_cut_off_and_foreign_files_are_refused(picture: Path, tmp_path: Path) -> None:
    cut = tmp_path / "cut.png"
    cut.write_bytes(picture.read_bytes()[:45])
    with pytest.raises(InvalidInput, match="could not be read"):
        load_image(cut, tensor((1, 2, 3, 3), DType.UINT8))
    foreign = tmp_path / "foreign.png"
    foreign.write_text("no image")
    with pytest.raises(InvalidInput, match="no image of a format that Pillow reads"):
        load_image(foreign, tensor((1, 2, 3, 3), DType.UINT8))


def test_an_image_too_large_to_be_one_is_refused(picture: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Warnings are no errors where users run it.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for limit in (5, 2):
            # Pillow warns above its limit and refuses at twice the limit; the picture has six pixels.
            monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", limit)
            with pytest.raises(InvalidInput, match="could not be read"):
                load_image(picture, tensor((1, 2, 3, 3), DType.UINT8))


def test_a_palette_may_be_transparent(tmp_path: Path) -> None:
    palette = Image.fromarray(COLOURS).quantize()
    palette.save(tmp_path / "palette.png", transparency=bytes([0, 255, 128]))
    loaded = load_image(tmp_path / "palette.png", tensor((1, 2, 3, 3), DType.UINT8))
    np.testing.assert_array_equal(loaded[0], np.asarray(palette.convert("RGB")))


@pytest.mark.parametrize("name", ["grey.png", "grey.tif", "grey.pgm"])
def test_levels_of_16_bits_are_scaled_to_8(tmp_path: Path, name: str) -> None:
    levels = np.array([[0, 257, 32768, 65535]], np.uint16)
    if name.endswith(".pgm"):
        (tmp_path / name).write_bytes(b"P5 4 1 65535\n" + levels.astype(">u2").tobytes())
    else:
        Image.fromarray(levels).save(tmp_path / name)
    for channels in (1, 3):
        loaded = load_image(tmp_path / name, tensor((1, 1, 4, channels), DType.UINT8))
        np.testing.assert_array_equal(loaded[0, 0], np.repeat([[0], [1], [128], [255]], channels, axis=1))


@pytest.mark.parametrize("dtype", [np.int32, np.float32])
def test_levels_of_which_none_is_known_to_be_white_are_refused(tmp_path: Path, dtype: type[np.number]) -> None:
    Image.fromarray(np.array([[0, 1]], dtype)).save(tmp_path / "grey.tif")
    with pytest.raises(InvalidInput, match="nothing tells which are black and white; save it with 8 or 16 bits"):
        load_image(tmp_path / "grey.tif", tensor((1, 1, 2, 1), DType.UINT8))
