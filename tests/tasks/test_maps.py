"""Maps over a picture: classes, depths, and pictures with more pixels."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from npu_hal.api import Array, DType, InvalidInput
from npu_hal.inputs import PixelRange
from npu_hal.tasks import TaskSettings
from npu_hal.tasks.depth import Depth
from npu_hal.tasks.segment import Segment
from npu_hal.tasks.superres import SuperResolution

from .interfaces import grey_picture, interface, save_picture, tensor


def test_classes_are_counted_named_and_coloured(tmp_path: Path) -> None:
    model = interface([(1, 8, 8, 3)], [tensor((1, 8, 8), DType.INT64)])
    classes = np.zeros((1, 8, 8), np.int64)
    classes[0, 4:, :4] = 2
    classes[0, 4:, 4:] = 1
    classes[0, 7, 7] = 0
    task = Segment(model, TaskSettings(labels=("nothing", "bird", "dog")))
    result = task.prepare([grey_picture(tmp_path, 160, 320)]).interpret([[classes]])
    assert result.as_json() == {
        "mask": {"width": 8, "height": 8},
        "classes": [
            {"index": 0, "label": "nothing", "share": 33 / 64},
            {"index": 2, "label": "dog", "share": 16 / 64},
            {"index": 1, "label": "bird", "share": 15 / 64},
        ],
    }
    drawn = np.asarray(result.draw()).astype(int)
    # Colours of the PASCAL VOC devkit: class 1 is (128, 0, 0), class 2 (0, 128, 0); the picture is (100, 100, 100).
    assert np.abs(drawn[130, 40] - [40, 117, 40]).max() <= 1
    assert np.abs(drawn[130, 200] - [117, 40, 40]).max() <= 1
    assert drawn[70, 300].tolist() == drawn[159, 319].tolist() == [100, 100, 100]


def test_ratings_give_the_highest_class(tmp_path: Path) -> None:
    model = interface([(1, 4, 4, 3)], [tensor((1, 4, 4, 6), DType.UINT8, 0.1, 10)])
    ratings = np.zeros((1, 4, 4, 6), np.uint8)
    ratings[..., 5], ratings[0, 0, 0, 3] = 7, 9
    result = Segment(model, TaskSettings()).prepare([grey_picture(tmp_path, 4, 4)]).interpret([[ratings]])
    assert result.shares() == [(5, 15 / 16), (3, 1 / 16)]


def test_labels_of_another_model_are_refused() -> None:
    model = interface([(1, 4, 4, 3)], [(1, 4, 4, 6)])
    with pytest.raises(InvalidInput, match="names 2 classes, but the model rates 6"):
        Segment(model, TaskSettings(labels=("a", "b")))


@pytest.mark.timeout(30)
def test_classes_of_any_number_are_drawn(tmp_path: Path) -> None:
    model = interface([(1, 8, 8, 3)], [tensor((1, 8, 8), DType.INT32)])
    classes = np.full((1, 8, 8), 2_000_000_001, np.int32)
    result = Segment(model, TaskSettings()).prepare([grey_picture(tmp_path, 8, 8)]).interpret([[classes]])
    drawn = np.asarray(result.draw()).astype(int)
    assert drawn.shape == (8, 8, 3)
    assert (drawn[7, 7] != 100).any()


def test_depths_become_colours_that_get_brighter(tmp_path: Path) -> None:
    model = interface([(1, 3, 8, 8)], [(1, 1, 8, 8)])
    depths = np.linspace(1, 3, 64, dtype=np.float32).reshape(1, 1, 8, 8)
    job = Depth(model, TaskSettings()).prepare([grey_picture(tmp_path, 8, 8)])
    # float32 pixels are fractions of white, channels first.
    np.testing.assert_allclose(job.inputs[0][0], np.full((1, 3, 8, 8), 100 / 255), rtol=1e-6)
    result = job.interpret([[depths]])
    assert result.as_json() == {"map": {"width": 8, "height": 8}, "min": 1.0, "max": 3.0, "mean": pytest.approx(2.0)}
    picture = result.draw()
    assert picture.size == (8, 8)
    assert (picture.getpixel((0, 0)), picture.getpixel((7, 7))) == ((68, 1, 84), (253, 231, 37))
    brightness = np.asarray(picture.convert("L")).astype(int).reshape(-1)
    assert (np.diff(brightness) >= 0).all()


def test_a_flat_depth_is_drawn(tmp_path: Path) -> None:
    model = interface([(1, 8, 8, 3)], [(1, 8, 8, 1)])
    job = Depth(model, TaskSettings()).prepare([grey_picture(tmp_path, 5, 9)])
    assert job.interpret([[np.ones((1, 8, 8, 1), np.float32)]]).draw().size == (9, 5)
    with pytest.raises(InvalidInput, match="depths that are not finite"):
        job.interpret([[np.full((1, 8, 8, 1), np.nan, np.float32)]])


@pytest.mark.parametrize(("height", "width"), [(40, 40), (17, 63), (41, 40), (130, 97), (1, 1)])
@pytest.mark.parametrize("is_quantized", [True, False])
def test_tiles_of_any_picture_fit_together(tmp_path: Path, height: int, width: int, is_quantized: bool) -> None:
    """A model that repeats each pixel twice along both axes makes just that of the whole picture."""
    if is_quantized:
        model = interface(
            [tensor((1, 40, 40, 3), DType.INT8, 1.0, -128)], [tensor((1, 80, 80, 3), DType.INT8, 1.0, -128)]
        )
    else:
        model = interface([(1, 40, 40, 3)], [(1, 80, 80, 3)])
    pixels = np.random.default_rng(1).integers(0, 256, (height, width, 3), np.uint8)
    job = SuperResolution(model, TaskSettings()).prepare([save_picture(tmp_path, pixels)])
    outputs: list[list[Array]] = [[tile.repeat(2, axis=1).repeat(2, axis=2)] for (tile,) in job.inputs]
    enlarged = np.asarray(job.interpret(outputs).draw())
    np.testing.assert_array_equal(enlarged, pixels.repeat(2, axis=0).repeat(2, axis=1))


def test_no_pixel_near_a_tiles_inner_edge_is_used(tmp_path: Path) -> None:
    model = interface([(1, 64, 64, 3)], [(1, 128, 128, 3)])
    job = SuperResolution(model, TaskSettings()).prepare([grey_picture(tmp_path, 200, 64)])
    assert len(job.inputs) > 3
    outputs: list[list[Array]] = []
    for (tile,) in job.inputs:
        large = tile.repeat(2, axis=1).repeat(2, axis=2)
        # What the model makes of 15 rows at the tile's edges is spoilt.
        large[:, :30] = large[:, -30:] = 0
        outputs.append([large])
    enlarged = np.asarray(job.interpret(outputs).draw())
    assert (enlarged[30:-30] == 100).all()
    assert (enlarged[:30] == 0).all()


def test_models_of_one_channel_enlarge_the_luma(tmp_path: Path) -> None:
    model = interface(
        [tensor((1, 1, 20, 30), DType.UINT8, 1 / 255, 0)], [tensor((1, 1, 60, 90), DType.UINT8, 2 / 255, 64)]
    )
    colour = (200, 60, 120)
    picture = save_picture(tmp_path, np.full((20, 30, 3), colour, np.uint8))
    job = SuperResolution(model, TaskSettings()).prepare([picture])
    luma = round(0.299 * 200 + 0.587 * 60 + 0.114 * 120)
    assert np.abs(job.inputs[0][0].astype(int) - luma).max() <= 1
    # The output's scale is twice the input's, its zero point 64.
    enlarged = job.interpret([[np.full((1, 1, 60, 90), 64 + luma // 2, np.uint8)]]).draw()
    assert enlarged.size == (90, 60)
    assert np.abs(np.asarray(enlarged).astype(int) - colour).max() <= 3


def test_only_larger_pictures_are_super_resolution() -> None:
    for output in ((1, 40, 40, 3), (1, 80, 80, 1), (1, 80, 70, 3), (1, 3, 80, 80), (1, 60, 80, 3), (1, 10)):
        model = interface([(1, 40, 40, 3)], [output])
        assert not SuperResolution.recognises(model)
        with pytest.raises(InvalidInput, match="with whole times as many rows and columns"):
            SuperResolution(model, TaskSettings())


def test_black_must_differ_from_white() -> None:
    with pytest.raises(InvalidInput, match=r"are both 2\.0 to the model"):
        SuperResolution(interface([(1, 4, 4, 3)], [(1, 8, 8, 3)]), TaskSettings(pixel_range=PixelRange(2.0, 2.0)))


def test_photographs_are_turned_upright(tmp_path: Path) -> None:
    pixels = np.zeros((2, 4, 3), np.uint8)
    pixels[0, 0] = 255
    exif = Image.Exif()
    exif[0x0112] = 6  # the orientation: turned by a quarter
    Image.fromarray(pixels).save(tmp_path / "turned.png", exif=exif)
    job = SuperResolution(interface([(1, 4, 4, 3)], [(1, 8, 8, 3)]), TaskSettings()).prepare([tmp_path / "turned.png"])
    assert np.argwhere(job.inputs[0][0][0, :, :2, 0] > 0.5).tolist() == [[0, 1]]
