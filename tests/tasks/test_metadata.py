"""What is noted in a model, and which task that or its shapes tell."""

import zipfile
from pathlib import Path

import pytest

from npu_hal.api import DType, InvalidInput, InvalidOption
from npu_hal.inputs import PixelRange
from npu_hal.tasks import AUTOMATIC, TASKS, ModelInterface, ModelMetadata, TaskSettings, read_metadata, task_named
from npu_hal.tasks.metadata import METADATA_NAME, Content
from npu_hal.tflite.reader import read_model

from .interfaces import interface, tensor
from .metadata_file import AXIS_LABELS, VALUE_LABELS, TensorNotes, write_metadata

IMAGE = TensorNotes(Content.IMAGE)


def read(data: bytes, path: Path | None = None) -> ModelMetadata:
    return read_metadata({METADATA_NAME: memoryview(data)}, path)


def noted(outputs: list[TensorNotes], picture: TensorNotes = IMAGE) -> ModelMetadata:
    return read(write_metadata("notes", [picture], outputs))


def test_notes_are_read() -> None:
    metadata = noted(
        [TensorNotes(Content.FEATURE, files=[("labels.txt", AXIS_LABELS), ("other.txt", 1)])],
        TensorNotes(Content.IMAGE, mean=[127.5], std=[127.5]),
    )
    assert metadata.name == "notes"
    assert metadata.inputs[0].content is Content.IMAGE
    assert metadata.pixel_range == PixelRange(-1.0, 1.0)
    assert metadata.outputs[0].axis_labels == ("labels.txt",)
    assert metadata.labels is None


def test_channels_of_their_own_ranges_are_no_pixel_range() -> None:
    assert noted([], TensorNotes(Content.IMAGE, mean=[1, 2, 3], std=[1, 1, 1])).pixel_range is None
    assert noted([], TensorNotes(Content.IMAGE, mean=[1, 1, 1], std=[2, 2, 2])).pixel_range == PixelRange(-0.5, 127.0)
    assert noted([], TensorNotes(Content.IMAGE, mean=[1], std=[0])).pixel_range is None


@pytest.mark.parametrize("kind", [AXIS_LABELS, VALUE_LABELS])
def test_label_files_are_appended_to_the_model(tmp_path: Path, kind: int) -> None:
    path = tmp_path / "model.tflite"
    path.write_bytes(b"what comes before the archive")
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("labels.txt", "\ufeffcat\nGarten-Grasmücke\n\ndog\n\n")
        archive.writestr("secret.txt", "not asked for")
    metadata = read(write_metadata("", [IMAGE], [TensorNotes(files=[("labels.txt", kind)])]), path)
    assert metadata.labels == ("cat", "Garten-Grasmücke", "", "dog")
    assert metadata.files is not None
    assert list(metadata.files) == ["labels.txt"]


def test_labels_of_a_published_model(shared: Path) -> None:
    path = shared / "models" / "classification" / "mobilenet_v2_1.0_224_quant.tflite"
    model = read_model(path)
    metadata = read_metadata(model.metadata, path)
    assert metadata.labels == tuple((shared / "models" / "labels" / "imagenet_labels.txt").read_text().splitlines())
    made = ModelInterface.of(model, metadata)
    assert made.pixel_range is not None
    assert (made.pixel_range.black, made.pixel_range.white) == pytest.approx((-1, 1), abs=0.01)
    assert task_named(AUTOMATIC, made).name == "classify"


def test_damaged_notes_are_ignored(caplog: pytest.LogCaptureFixture) -> None:
    good = write_metadata("notes", [IMAGE], [TensorNotes(files=[("labels.txt", AXIS_LABELS)])])
    for data in (b"", b"short", good[:40], b"\xff" * 200, good[:4] + b"TFL3" + good[8:]):
        caplog.clear()
        assert read(data) == ModelMetadata()
        assert "the model's metadata is ignored" in caplog.text


def test_a_missing_archive_is_ignored(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "model.tflite"
    path.write_bytes(b"no archive here")
    assert read(write_metadata("", [IMAGE], [TensorNotes(files=[("a.txt", AXIS_LABELS)])]), path).labels is None
    assert "the label files appended" in caplog.text


def labelled(content: Content = Content.FEATURE) -> list[TensorNotes]:
    return [TensorNotes(content, files=[("labels.txt", AXIS_LABELS)])]


@pytest.mark.parametrize(
    ("metadata", "expected"),
    [
        (noted(labelled()), "classify"),
        (noted([TensorNotes(Content.BOUNDING_BOX), TensorNotes()]), "detect"),
        (noted(labelled(), TensorNotes(Content.AUDIO)), "audio"),
    ],
)
def test_the_metadata_tells_the_task(metadata: ModelMetadata, expected: str) -> None:
    # The shapes tell nothing.
    assert task_named(AUTOMATIC, interface([(1, 7)], [(1, 7, 7)], metadata=metadata)).name == expected


PICTURE = (1, 40, 60, 3)


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        (interface([PICTURE], [(1, 10)]), "classify"),
        (interface([PICTURE], [(1, 5, 4), (1, 5), (1, 5), (1,)]), "detect"),
        (interface([PICTURE], [(1, 1, 17, 3)]), "pose"),
        (interface([PICTURE], [tensor((1, 40, 60), DType.INT32)]), "segment"),
        (interface([PICTURE], [(1, 40, 60, 21)]), "segment"),
        (interface([PICTURE], [(1, 80, 120, 3)]), "superres"),
        (interface([(1, 96, 64)], [(1, 521)]), "audio"),
        (interface([(1, 1, 257)], [(1, 1, 257)], is_stateful=True), "denoise"),
    ],
)
def test_shapes_that_leave_no_doubt_tell_the_task(model: ModelInterface, expected: str) -> None:
    assert task_named(AUTOMATIC, model).name == expected


@pytest.mark.parametrize(
    ("model", "doubt"),
    [
        (interface([PICTURE], [(1, 40, 60, 1)]), "fits none of them for certain"),
        (interface([(1, 49, 10, 1)], [(1, 12)]), "fits classify and audio"),
        (interface([(1, 640)], [(1, 640)]), "fits none of them for certain"),
        (interface([PICTURE, PICTURE], [(1, 10)]), "fits none of them for certain"),
    ],
)
def test_a_doubt_is_the_users_to_settle(model: ModelInterface, doubt: str) -> None:
    with pytest.raises(InvalidInput, match=f"{doubt}; name the task by --task: classify, detect"):
        task_named(AUTOMATIC, model)


def test_unknown_tasks_are_refused() -> None:
    with pytest.raises(InvalidOption, match="no task 'translate'; the tasks are: classify, "):
        task_named("translate", interface([PICTURE], [(1, 10)]))


@pytest.mark.parametrize("name", [name for name in TASKS if name not in ("audio", "denoise")])
def test_tasks_on_pictures_refuse_other_inputs(name: str) -> None:
    model = interface([(1, 7)], [(1, 10)])
    with pytest.raises(InvalidInput, match=rf"the task {name} takes a model with one picture of 1 or 3 channels"):
        task_named(name, model)(model, TaskSettings())
