"""Real models through the delegate: in one partition, and bit for bit what LiteRT's reference kernels give."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import teflon
from ai_edge_litert.interpreter import load_delegate
from PIL import Image

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


def test_grace_hopper_wears_a_military_uniform(shared: Path, library: Path) -> None:
    model = shared / "models" / "classification" / "mobilenet_v1_1.0_224_quant.tflite"
    delegate = load_delegate(str(library), {"driver": "software"})
    interpreter = open_model(model, delegate)
    interpreter.allocate_tensors()
    (picture,) = (shared / "inputs").rglob("grace_hopper.bmp")
    with Image.open(picture) as image:
        pixels = np.asarray(image.convert("RGB").resize((224, 224)), np.uint8)[np.newaxis]
    inputs = {interpreter.get_input_details()[0]["index"]: pixels}
    (scores,) = run(interpreter, inputs)
    np.testing.assert_array_equal(scores, expected(model, inputs)[0])
    labels = _labels(shared, scores.shape[1])
    assert labels[int(scores.argmax())] == "military uniform"


def _labels(shared: Path, count: int) -> list[str]:
    """The list of labels that has one for each class."""
    for path in sorted((shared / "models" / "labels").iterdir()):
        lines = path.read_text().splitlines()
        if len(lines) == count and "military uniform" in path.read_text():
            return [line.split(":", 1)[-1].strip() for line in lines]
    raise AssertionError(f"no list of {count} labels")
