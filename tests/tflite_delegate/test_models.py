"""Real models through the delegate: in one partition, and bit for bit what LiteRT's reference kernels give."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ai_edge_litert.interpreter import load_delegate
from PIL import Image

import teflon
from npu_hal.api import Array

from ..conftest import shared_folder
from .runtime import assert_same_as_reference, expected, open_model, random_inputs, run

WHOLE_MODELS = (
    "classification/mobilenet_v1_1.0_224_quant",
    "classification/mobilenet_v1_0.25_128_quant",
    "classification/mobilenet_v2_1.0_224_quant",
    "classification/tf2_mobilenet_v2_1.0_224_ptq",
    "pose/posenet_mobilenet_v1_075_353_481_quant",
    "mlperf_tiny/kws_ref_model",
    "mlperf_tiny/vww_96_int8",
    "mlperf_tiny/pretrainedResnet_quant",
    "mlperf_tiny/ad01_int8",
)
# A template whose weights a test is to fill in; no runtime runs it as it is.
NOT_RUNNABLE = {"add"}
SMALL_FOLDERS = ("layers", "generated")


@pytest.fixture(scope="module")
def software() -> Any:
    with teflon.Delegate(driver="software") as delegate:
        yield delegate


def _small_models(folder: str) -> list[str]:
    paths = sorted((shared_folder() / "models" / folder).rglob("*.tflite"))
    return [path.relative_to(shared_folder() / "models").with_suffix("").as_posix() for path in paths]


def _assert_whole(delegate: teflon.Delegate) -> None:
    assert delegate.report is not None
    assert dict(delegate.report.refusals) == {}
    assert len(delegate.report.partitions) == 1


@pytest.mark.parametrize("name", WHOLE_MODELS)
def test_models_run_whole_and_exact(shared: Path, software: teflon.Delegate, name: str) -> None:
    model = shared / "models" / f"{name}.tflite"
    interpreter = assert_same_as_reference(model, software)
    _assert_whole(software)
    inputs = random_inputs(interpreter, seed=1)
    for ours, theirs in zip(run(interpreter, inputs), expected(model, inputs), strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("folder", SMALL_FOLDERS)
def test_single_layers_run_whole_and_exact(shared: Path, software: teflon.Delegate, folder: str) -> None:
    names = [name for name in _small_models(folder) if Path(name).name not in NOT_RUNNABLE]
    assert names
    for name in names:
        assert_same_as_reference(shared / "models" / f"{name}.tflite", software)
        _assert_whole(software)


@pytest.mark.parametrize("name", WHOLE_MODELS)
def test_real_inputs_give_the_same(shared: Path, software: teflon.Delegate, name: str) -> None:
    model = shared / "models" / f"{name}.tflite"
    interpreter = open_model(model, software)
    interpreter.allocate_tensors()
    (details,) = interpreter.get_input_details()
    inputs = {details["index"]: _real_input(shared, tuple(details["shape"]), details["dtype"])}
    for ours, theirs in zip(run(interpreter, inputs), expected(model, inputs), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_grace_hopper_wears_a_military_uniform(shared: Path, library: Path) -> None:
    model = shared / "models" / "classification" / "mobilenet_v1_1.0_224_quant.tflite"
    interpreter = open_model(model, load_delegate(str(library), {"driver": "software"}))
    interpreter.allocate_tensors()
    inputs = {interpreter.get_input_details()[0]["index"]: _picture(shared, (1, 224, 224, 3))}
    (scores,) = run(interpreter, inputs)
    labels = (shared / "models" / "labels" / "labels_mobilenet_quant_v1_224.txt").read_text().splitlines()
    assert labels[int(scores.argmax())] == "military uniform"


def _picture(shared: Path, shape: tuple[int, ...]) -> Array:
    _, height, width, channels = shape
    with Image.open(shared / "inputs" / "grace_hopper.bmp") as image:
        pixels = image.convert("RGB" if channels == 3 else "L").resize((width, height))
        return np.asarray(pixels, np.uint8).reshape(shape)


def _real_input(shared: Path, shape: tuple[int, ...], dtype: Any) -> Array:
    """A picture for models that see; for those that hear, recorded samples in place of their features."""
    if len(shape) == 4 and shape[3] == 3:
        values = _picture(shared, shape)
    else:
        samples = np.frombuffer((shared / "inputs" / "yes_1000ms.wav").read_bytes()[44:], np.uint8)[1::2]
        values = samples[4000 : 4000 + int(np.prod(shape))].reshape(shape)
    return values if dtype == np.uint8 else (values ^ 128).view(np.int8)
