"""Real pictures and sounds through published models: answers equal those made of LiteRT's outputs, and are right."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from PIL import Image

from npu_hal.api import Array, DType
from npu_hal.stateful import ModelExecutor
from npu_hal.tasks import (
    AUTOMATIC,
    ModelInterface,
    PictureResult,
    Product,
    Result,
    SoundResult,
    TaskSettings,
    read_metadata,
    task_named,
)
from npu_hal.tasks.labels import read_labels
from npu_hal.tasks.waveform import Waveform
from npu_hal.tflite.reader import read_model

from .litert_model import LiteRtModel

# How far float outputs may be from those of the reference kernels.
RELATIVE = 1e-4


@dataclass(frozen=True)
class Answers:
    """A result on the software driver, and that of the same task on LiteRT's outputs."""

    ours: Result
    theirs: Result
    product: Product

    def json(self) -> Any:
        return self.ours.as_json()


def answer(
    shared: Path,
    model_name: str,
    file: str | Path,
    *,
    task: str = AUTOMATIC,
    labels: str | None = None,
    shapes: Mapping[str, Sequence[int]] | None = None,
) -> Answers:
    """Both answers; the outputs that they are made of are compared."""
    path = shared / "models" / model_name
    model = read_model(path, shapes)
    interface = ModelInterface.of(model, read_metadata(model.metadata, path))
    names = read_labels(shared / "models" / "labels" / labels) if labels is not None else None
    kind = task_named(task, interface)
    job = kind(interface, TaskSettings(labels=names)).prepare([shared / "inputs" / file])
    runtime = LiteRtModel(path, shapes=shapes)
    expected = [[np.array(output) for output in runtime(inputs)] for inputs in job.inputs]
    with ModelExecutor.open(model, "software") as executor:
        outputs = [executor.run(inputs) for inputs in job.inputs]
    for ours, theirs in zip(outputs, expected, strict=True):
        check_outputs(ours, theirs)
    return Answers(job.interpret(outputs), job.interpret(expected), kind.product)


def check_outputs(ours: Sequence[Array], theirs: Sequence[Array]) -> None:
    for our, their in zip(ours, theirs, strict=True):
        assert our.dtype == their.dtype
        if our.dtype == DType.FLOAT32.numpy:
            np.testing.assert_allclose(our, their, rtol=RELATIVE, atol=RELATIVE * float(np.abs(their).max(initial=0)))
        else:
            np.testing.assert_array_equal(our, their)


def check_same(answers: Answers) -> None:
    """Results are the same, and so is what is drawn or heard."""
    compare(answers.ours.as_json(), answers.theirs.as_json())
    if answers.product is Product.PICTURE:
        ours, theirs = (
            np.asarray(cast(PictureResult, result).draw()).astype(int) for result in (answers.ours, answers.theirs)
        )
        assert ours.shape == theirs.shape
        # Float outputs that differ in their last digits may round to another level of a colour or another pixel.
        assert (np.abs(ours - theirs) > 1).mean() < 1e-3
    elif answers.product is Product.SOUND:
        ours_sound, theirs_sound = (cast(SoundResult, result).sound() for result in (answers.ours, answers.theirs))
        np.testing.assert_array_equal(ours_sound.samples, theirs_sound.samples)


def compare(ours: Any, theirs: Any) -> None:
    """JSON values are the same, numbers within the tolerance of float outputs."""
    assert type(ours) is type(theirs)
    if isinstance(ours, dict):
        assert set(ours) == set(theirs)
        for name, value in ours.items():
            compare(value, theirs[name])
    elif isinstance(ours, list):
        assert len(ours) == len(theirs)
        for mine, other in zip(ours, theirs, strict=True):
            compare(mine, other)
    elif isinstance(ours, float):
        # Coordinates are thousands of times what the model gives.
        assert ours == pytest.approx(theirs, rel=RELATIVE, abs=0.1 if abs(theirs) > 10 else RELATIVE)
    else:
        assert ours == theirs


def labels_of(answers: Answers) -> list[str]:
    return [entry["label"] for entry in answers.json()["objects"]]


@pytest.mark.parametrize(
    ("model", "picture", "expected"),
    [
        ("mobilenet_v1_0.25_128_quant", "cat.bmp", "Egyptian cat"),
        ("mobilenet_v2_1.0_224_quant", "grace_hopper.bmp", "military uniform"),
        ("tf2_mobilenet_v2_1.0_224_ptq", "sunflower.bmp", "daisy"),
    ],
)
def test_classification(shared: Path, model: str, picture: str, expected: str) -> None:
    answers = answer(shared, f"classification/{model}.tflite", picture)
    check_same(answers)
    assert answers.json()["classes"][0]["label"] == expected


def test_a_person_is_seen_by_a_float_model(shared: Path) -> None:
    for picture, expected in (("grace_hopper.bmp", 1), ("sunflower.bmp", 0)):
        answers = answer(shared, "classification/mcunet_vww.tflite", picture)
        check_same(answers)
        assert answers.json()["classes"][0]["index"] == expected


COCO_SSD = "detection/coco_ssd_mobilenet_v1_1.0_quant_2018_06_29.tflite"


def test_detection(shared: Path) -> None:
    answers = answer(shared, COCO_SSD, "kite_and_cold.jpg", labels="coco_labels.txt")
    check_same(answers)
    assert set(labels_of(answers)) == {"person", "kite"}
    assert labels_of(answers).count("kite") >= 3


@pytest.mark.parametrize(
    "model",
    [
        COCO_SSD,
        *(
            f"detection/{name}.tflite"
            for name in ("ssdlite_mobiledet_coco_qat_no_postprocess", "ssd_mobilenet_v2_fpnlite_10_256_int8")
        ),
    ],
)
def test_detectors_agree_on_a_person_with_a_tie(shared: Path, model: str) -> None:
    answers = answer(shared, model, "grace_hopper.bmp", labels="coco_labels.txt")
    check_same(answers)
    person, tie = answers.json()["objects"][:2]
    assert (person["label"], tie["label"]) == ("person", "tie")
    # As seen in the picture of 512x600 pixels.
    for found, box in ((person, (20, 0, 598, 512)), (tie, (420, 227, 540, 295))):
        values = [found["box"][edge] for edge in ("top", "left", "bottom", "right")]
        np.testing.assert_allclose(values, box, atol=25)


@pytest.mark.parametrize("model", ["blazeface_128x128_quant", "nxp_yolo_face_detect"])
def test_face_detectors_agree_on_a_face(shared: Path, model: str) -> None:
    answers = answer(shared, f"detection/{model}.tflite", "grace_hopper.bmp")
    check_same(answers)
    (face,) = answers.json()["objects"]
    values = [face["box"][edge] for edge in ("top", "left", "bottom", "right")]
    np.testing.assert_allclose(values, (135, 175, 335, 365), atol=35)
    for point in face["points"]:
        assert values[0] < point["y"] < values[2]


def test_a_pose(shared: Path) -> None:
    answers = answer(shared, "pose/movenet_single_pose_lightning_ptq.tflite", "squat.bmp")
    check_same(answers)
    (person,) = answers.json()["people"]
    assert person["score"] > 0.5
    points = {point["name"]: (point["y"], point["x"]) for point in person["points"]}
    # As seen in the picture of 500x610 pixels.
    for name, place in (("nose", (202, 292)), ("left knee", (394, 290)), ("right ankle", (545, 168))):
        np.testing.assert_allclose(points[name], place, atol=20)


def test_two_poses(shared: Path) -> None:
    answers = answer(shared, "pose/posenet_mobilenet_v1_075_353_481_quant.tflite", "posenet_test_image.bmp")
    check_same(answers)
    people = answers.json()["people"]
    assert len(people) == 2
    noses = [person["points"][0] for person in people]
    assert all(nose["score"] > 0.95 for nose in noses)
    # As seen in the picture of 640x480 pixels.
    np.testing.assert_allclose([(nose["y"], nose["x"]) for nose in noses], [(125, 268), (138, 349)], atol=12)


@pytest.mark.parametrize(("picture", "animal"), [("bird_segmentation.bmp", "bird"), ("dog_segmentation.bmp", "dog")])
def test_segmentation(shared: Path, picture: str, animal: str) -> None:
    answers = answer(
        shared,
        "segmentation/deeplabv3_mnv2_dm05_pascal_quant.tflite",
        picture,
        labels="pascal_voc_segmentation_labels.txt",
    )
    check_same(answers)
    shares = {entry["label"]: entry["share"] for entry in answers.json()["classes"]}
    assert shares["background"] + shares[animal] > 0.97
    assert shares[animal] > 0.1


def test_depth(shared: Path) -> None:
    answers = answer(shared, "depth/fastdepth_quant.tflite", "kite_and_cold.jpg", task="depth")
    check_same(answers)
    picture = np.asarray(cast(PictureResult, answers.ours).draw().convert("L")).astype(float)
    assert picture.shape == (900, 1352)
    # The beach in front is darker, which is nearer, than the sky.
    assert picture[700:850, 200:900].mean() < picture[50:200, 50:400].mean() - 50


def sharpness(picture: Image.Image) -> float:
    return float(np.abs(np.diff(np.asarray(picture.convert("L")).astype(float), axis=1)).mean())


def test_super_resolution_of_luma(shared: Path) -> None:
    answers = answer(shared, "superres/espcn_x3_quant.tflite", "dog_segmentation.bmp")
    check_same(answers)
    assert answers.json()["tiles"] == 2
    check_enlarged(shared / "inputs" / "dog_segmentation.bmp", answers, 3)


def test_super_resolution_in_colour(shared: Path) -> None:
    # In the model's own size, 540x960, the reference kernels would take minutes.
    shapes = {"serving_default_input_1": (1, 80, 128, 3)}
    answers = answer(shared, "superres/edsr_f32b5_full_qint8.tflite", "dog_segmentation.bmp", shapes=shapes)
    check_same(answers)
    assert answers.json()["tiles"] == 2
    check_enlarged(shared / "inputs" / "dog_segmentation.bmp", answers, 2)


def check_enlarged(source: Path, answers: Answers, factor: int) -> None:
    enlarged = cast(PictureResult, answers.ours).draw()
    with Image.open(source) as original:
        assert enlarged.size == (original.width * factor, original.height * factor)
        smooth = original.resize(enlarged.size, Image.Resampling.BICUBIC)
        # Made small again it is the original, and it is sharper than what interpolation gives.
        again = np.asarray(enlarged.resize(original.size, Image.Resampling.BOX)).astype(float)
        assert np.abs(again - np.asarray(original)).mean() < 6
        assert sharpness(enlarged) > sharpness(smooth)


@pytest.mark.parametrize("word", ["yes", "no"])
def test_a_word_is_heard(shared: Path, word: str) -> None:
    answers = answer(shared, "audio/micro_speech_quantized.tflite", f"{word}_1000ms.wav")
    check_same(answers)
    best = answers.json()["classes"][0]
    assert best["label"] == word
    assert best["score"] > 0.9


def test_silence_is_heard(shared: Path) -> None:
    for name in ("silence", "noise"):
        answers = answer(shared, "audio/micro_speech_quantized.tflite", f"{name}_1000ms.wav")
        check_same(answers)
        assert answers.json()["classes"][0]["label"] == "silence"


def test_keywords_are_told_from_other_words(shared: Path) -> None:
    for name, expected in (("yes_1000ms.wav", "yes"), ("marvin_617de221_0.wav", "unknown")):
        answers = answer(shared, "mlperf_tiny/kws_ref_model.tflite", name, task="audio")
        check_same(answers)
        assert answers.json()["classes"][0]["label"] == expected


def test_speech_is_heard(shared: Path) -> None:
    answers = answer(shared, "audio/yamnet_spectra_in.tflite", "speech.wav")
    check_same(answers)
    # AudioSet's first class is speech.
    assert answers.json()["classes"][0]["index"] == 0
    assert answers.json()["classes"][0]["score"] > 0.9
    assert answers.json()["segments"][-1]["end"] >= 4.27


def test_another_phrase_is_no_wake_word(shared: Path) -> None:
    answers = answer(shared, "audio/mww_v2_okay_nabu.tflite", "speech.wav")
    check_same(answers)
    assert len(answers.json()["segments"]) == 141
    assert answers.json()["classes"][0]["score"] < 0.1


def test_noise_is_reduced(shared: Path, tmp_path: Path) -> None:
    speech, noise = (Waveform.read(shared / "inputs" / name, 16000) for name in ("speech.wav", "noise_1000ms.wav"))
    repeated = np.resize(noise.samples, len(speech.samples))
    # Noise of 5 dB below the speech.
    noisy = speech.samples + repeated * (speech.samples.std() / repeated.std() * 10 ** (-5 / 20))
    path = tmp_path / "noisy.wav"
    path.write_bytes(Waveform(noisy / np.abs(noisy).max(), 16000).wav())
    answers = answer(shared, "audio/dtln_noise_suppression.tflite", path)
    check_same(answers)
    clean = cast(SoundResult, answers.ours).sound().samples
    assert distortion(speech.samples, noisy) == pytest.approx(5, abs=0.1)
    assert distortion(speech.samples, clean) > 10


def distortion(wanted: np.ndarray[Any, Any], heard: np.ndarray[Any, Any]) -> float:
    """How much louder what is wanted is than what else is heard, in dB (scale-invariant, arXiv:1811.02508)."""
    target = wanted * (wanted @ heard) / (wanted @ wanted)
    return float(10 * np.log10(np.square(target).sum() / np.square(heard - target).sum()))
