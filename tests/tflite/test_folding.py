"""Shapes that a model computes from shapes are known when it is read; LiteRT judges what they are."""

from typing import Any

import numpy as np
import pytest
import tflite
from tflite import BuiltinOperator as Code

from npu_hal.api import InvalidInput
from npu_hal.tflite import read_model

from ..litert import reference_interpreter
from ..tflite_models import FileOperator, FileTensor, write_file

FLOAT32, INT32 = tflite.TensorType.FLOAT32, tflite.TensorType.INT32


def integers(name: str, values: Any = None, shape: list[int] | None = None) -> FileTensor:
    array = np.array(0 if values is None else values, np.int32)
    stored = list(array.shape) if shape is None else shape
    return FileTensor(name, stored, INT32, None if values is None else array.tobytes())


def flatten_by_batch() -> bytes:
    """x.reshape(batch, -1), where the batch size is a slice of the shape, and the rest a constant; then a sum of it."""
    tensors = [
        FileTensor("x", [1, 3, 4], FLOAT32, shape_signature=[-1, 3, 4]),
        integers("shape", shape=[3]),
        integers("begin", [0]),
        integers("end", [1]),
        integers("batch", shape=[]),
        integers("rest", 12),
        integers("new shape", shape=[2]),
        FileTensor("y", [1, 12], FLOAT32),
    ]
    operators = [
        FileOperator(Code.SHAPE, [0], [1], "ShapeOptions", {"OutType": INT32}),
        FileOperator(Code.STRIDED_SLICE, [1, 2, 3, 3], [4], "StridedSliceOptions", {"ShrinkAxisMask": 1}),
        FileOperator(Code.PACK, [4, 5], [6], "PackOptions", {"ValuesCount": 2, "Axis": 0}),
        FileOperator(Code.RESHAPE, [0, 6], [7], "ReshapeOptions"),
    ]
    return write_file(tensors, operators, [0], [7])


@pytest.mark.parametrize("batch", [1, 5])
def test_a_chain_of_shapes_is_folded(batch: int) -> None:
    data = flatten_by_batch()
    model = read_model(data, {"x": (batch, 3, 4)})
    assert [operation.kind for operation in model.graph.operations] == ["RESHAPE"]
    assert model.output_tensors[0].shape == (batch, 12)
    assert [operator.reason for operator in model.operators] == [""] * 4
    interpreter = reference_interpreter(data)
    interpreter.resize_tensor_input(0, (batch, 3, 4))
    interpreter.allocate_tensors()
    interpreter.set_tensor(0, np.zeros((batch, 3, 4), np.float32))
    interpreter.invoke()
    assert interpreter.get_tensor(7).shape == model.output_tensors[0].shape


CASES: dict[str, tuple[list[Any], FileOperator]] = {
    "ADD": ([[3, 4], 5], FileOperator(Code.ADD, [0, 1], [2], "AddOptions")),
    "SUB": ([[3, 4], 5], FileOperator(Code.SUB, [0, 1], [2], "SubOptions")),
    "MUL": ([[3, 4], [5, 6]], FileOperator(Code.MUL, [0, 1], [2], "MulOptions")),
    "FLOOR_DIV": ([[-3, 4], [2, 3]], FileOperator(Code.FLOOR_DIV, [0, 1], [2])),
    "MINIMUM": ([[3, 4], [5, 1]], FileOperator(Code.MINIMUM, [0, 1], [2])),
    "MAXIMUM": ([[3, 4], [5, 1]], FileOperator(Code.MAXIMUM, [0, 1], [2])),
    "GATHER": ([[3, 4, 5], [2, 0]], FileOperator(Code.GATHER, [0, 1], [2], "GatherOptions")),
    "CONCATENATION": (
        [[3, 4], [5]],
        FileOperator(Code.CONCATENATION, [0, 1], [2], "ConcatenationOptions", {"Axis": 0}),
    ),
    "PACK": ([[3, 4], [5, 6]], FileOperator(Code.PACK, [0, 1], [2], "PackOptions", {"ValuesCount": 2, "Axis": 1})),
    "EXPAND_DIMS": ([[3, 4], 0], FileOperator(Code.EXPAND_DIMS, [0, 1], [2])),
    "RESHAPE": ([[3, 4], [2, 1]], FileOperator(Code.RESHAPE, [0, 1], [2], "ReshapeOptions")),
    "TRANSPOSE": ([[[3, 4, 5]], [1, 0]], FileOperator(Code.TRANSPOSE, [0, 1], [2])),
}


@pytest.mark.parametrize("kind", CASES)
def test_folded_values_are_those_that_litert_computes(kind: str) -> None:
    values, operator = CASES[kind]
    x = FileTensor("x", [1], FLOAT32)
    tensors = [integers("a", values[0]), integers("b", values[1]), integers("c", shape=[1]), x, x]
    relu = FileOperator(Code.RELU, [3], [4])
    data = write_file(tensors, [operator, relu], [3], [4, 2])
    model = read_model(data)
    # An output that is a constant is copied.
    assert [operation.kind for operation in model.graph.operations] == ["RELU", "RESHAPE"]
    copied = model.graph.tensors[model.graph.operations[1].inputs[0]].constant()
    interpreter = reference_interpreter(data)
    interpreter.set_tensor(3, np.zeros(1, np.float32))
    interpreter.invoke()
    np.testing.assert_array_equal(copied, interpreter.get_tensor(2))


def test_what_is_not_known_is_not_folded() -> None:
    tensors = [integers("a", shape=[2]), integers("b", [1, 0]), integers("c", shape=[2])]
    add = FileOperator(Code.ADD, [0, 1], [2], "AddOptions")
    assert len(read_model(write_file(tensors, [add], [0], [2])).graph.operations) == 1
    division = FileOperator(Code.FLOOR_DIV, [1, 1], [2])
    assert len(read_model(write_file(tensors, [division], [0], [2])).graph.operations) == 1


class TestShapes:
    def test_inputs_are_known_by_name(self) -> None:
        with pytest.raises(InvalidInput, match="no input 'z' to be given a shape; its inputs are: x"):
            read_model(flatten_by_batch(), {"z": (1,)})

    @pytest.mark.parametrize("shape", [(3, 4), (0, 3, 4), (-1, 3, 4)])
    def test_of_the_same_rank_and_not_empty(self, shape: tuple[int, ...]) -> None:
        with pytest.raises(InvalidInput, match=r"'x' cannot have the shape .*: it has 3 dimensions, \[1, 3, 4\]"):
            read_model(flatten_by_batch(), {"x": shape})

    def test_that_the_model_does_not_take(self) -> None:
        with pytest.raises(InvalidInput, match=r"cannot be given the input shapes x=2,3,5: .*operator 3 \(RESHAPE\)"):
            read_model(flatten_by_batch(), {"x": (2, 3, 5)})
