"""Real models are read as LiteRT reads them."""

import json
from functools import cache
from pathlib import Path

import pytest
import tflite

from npu_hal.api import Conv2D, InvalidModel, UnsupportedOperation
from npu_hal.tflite import read_model, read_operators

from ..conftest import shared_folder
from ..model_patches import with_operators_of_version_1
from .litert import differences, interpreter

# Operators that the interface has not, by model, and what is said of one of them; the rest is read in whole.
NOT_EXPRESSIBLE = {
    "quirks/audio_preprocessor_int8": "no operation for CUSTOM:SignalWindow",
    "quirks/tflm_keyword_scrambled_8bit": "tensor 2 'tensor2' is int8, not one of: int16",
}
# Operators of later versions than BUILTIN_REF has kernels for.
NEWER_OPERATORS = (tflite.BuiltinOperator.TILE, tflite.BuiltinOperator.DEPTH_TO_SPACE)
# A single layer that its tool cut out without its weights; a model that LiteRT rejects and npu-hal reads.
INVALID = "layers/add"
LEGACY_AXIS = "quirks/tflm_person_detect"


@cache
def models() -> list[str]:
    folder = shared_folder() / "models"
    if not folder.is_dir():
        return []
    index = json.loads((folder / "INDEX.json").read_text())
    return [entry["path"].removesuffix(".tflite") for entry in (*index["models"], *index["layers"])]


def generated() -> list[str]:
    folder = shared_folder() / "models" / "generated"
    return [f"generated/{path.stem}" for path in sorted(folder.glob("*.tflite"))]


def path_of(shared: Path, model: str) -> Path:
    return shared / "models" / f"{model}.tflite"


@pytest.mark.parametrize(
    "model",
    [name for name in (*models(), *generated()) if name not in {*NOT_EXPRESSIBLE, INVALID, LEGACY_AXIS}],
)
def test_tensors_are_those_that_litert_shows(shared: Path, model: str) -> None:
    path = path_of(shared, model)
    runtime = interpreter(with_operators_of_version_1(path.read_bytes(), NEWER_OPERATORS))
    assert differences(read_model(path), runtime) == []


@pytest.mark.parametrize("model", NOT_EXPRESSIBLE)
def test_operators_that_cannot_be_expressed_are_all_named(shared: Path, model: str) -> None:
    operators = read_operators(path_of(shared, model))
    refused = {operator.name for operator in operators if operator.reason}
    assert refused
    with pytest.raises(UnsupportedOperation, match="operators are not supported") as refusal:
        read_model(path_of(shared, model))
    assert [name for name in refused if name not in str(refusal.value)] == []
    assert NOT_EXPRESSIBLE[model] in str(refusal.value)


def test_a_layer_without_its_weights_is_invalid(shared: Path) -> None:
    with pytest.raises(InvalidModel, match=r"reads tensor 1 .* before anything has computed it"):
        read_model(path_of(shared, INVALID))


def test_the_axis_that_old_converters_recorded_for_biases_is_theirs(shared: Path) -> None:
    """LiteRT refuses the file: axis 3 of a vector. The only axis that a vector has is meant."""
    graph = read_model(path_of(shared, LEGACY_AXIS)).graph
    convolutions = [operation for operation in graph.operations if isinstance(operation, Conv2D)]
    axes = {graph.tensors[operation.bias].affine().axis for operation in convolutions if operation.bias is not None}
    assert axes == {0}


def test_metadata_and_names_of_the_signature(shared: Path) -> None:
    model = read_model(path_of(shared, "classification/tf2_mobilenet_v2_1.0_224_ptq"))
    assert bytes(model.metadata["min_runtime_version"]).startswith(b"1.")
    assert model.description == "MLIR Converted."
    assert len(model.input_names) == len(model.graph.inputs)
