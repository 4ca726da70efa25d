"""Variables become inputs and outputs of the graph, and models that have them run as in LiteRT."""

from typing import Any

import numpy as np
import pytest
import tflite
from tflite import BuiltinOperator as Code

from npu_hal.api import InvalidModel, UnsupportedOperation
from npu_hal.stateful import ModelExecutor
from npu_hal.tflite import Model, read_model

from ..litert import reference_interpreter, run_interpreter
from ..tflite_models import FileOperator, FileSubgraph, FileTensor, write_file

FLOAT32, INT8, RESOURCE = tflite.TensorType.FLOAT32, tflite.TensorType.INT8, tflite.TensorType.RESOURCE
INITIAL = np.array([1.0, 2.0], np.float32)


def real(name: str, data: Any = None, **fields: Any) -> FileTensor:
    return FileTensor(name, [2], FLOAT32, None if data is None else np.array(data, np.float32).tobytes(), **fields)


def handle(name: str) -> FileTensor:
    return FileTensor(name, [], RESOURCE)


def var_handle(output: int, name: str) -> FileOperator:
    return FileOperator(Code.VAR_HANDLE, [], [output], "VarHandleOptions", {"Container": "", "SharedName": name})


def initialisation(value: FileTensor) -> FileSubgraph:
    operators = [var_handle(0, "total"), FileOperator(Code.ASSIGN_VARIABLE, [0, 1], [])]
    return FileSubgraph([handle("h"), value], operators, name="init")


CALL_ONCE = FileOperator(Code.CALL_ONCE, [], [], "CallOnceOptions", {"InitSubgraphIndex": 1})


def accumulator(initial: FileTensor | None, *more: FileOperator) -> bytes:
    """total += x; the output is the total, read again after it was assigned."""
    tensors = [real("x"), handle("h"), real("before"), real("sum"), real("after"), real("y"), handle("other")]
    operators = [
        CALL_ONCE,
        var_handle(1, "total"),
        FileOperator(Code.READ_VARIABLE, [1], [2]),
        FileOperator(Code.ADD, [0, 2], [3], "AddOptions"),
        FileOperator(Code.ASSIGN_VARIABLE, [1, 3], []),
        FileOperator(Code.READ_VARIABLE, [1], [4]),
        FileOperator(Code.MUL, [4, 0], [5], "MulOptions"),
        *more,
    ]
    subgraphs = [] if initial is None else [initialisation(initial)]
    if initial is None:
        operators = operators[1:]
    return write_file(tensors, operators, [0], [5], more_subgraphs=subgraphs)


def run(model: Model, steps: list[np.ndarray[Any, Any]]) -> list[list[np.ndarray[Any, Any]]]:
    with ModelExecutor.open(model, "software") as executor:
        return [executor.run([x]) for x in steps]


STEPS = [np.array(values, np.float32) for values in ([1, 2], [3, 4], [-5, 0.5])]


def test_a_variable_is_an_input_and_an_output() -> None:
    model = read_model(accumulator(real("c", INITIAL)))
    assert [operation.kind for operation in model.graph.operations] == ["ADD", "MUL"]
    (state,) = model.states
    assert model.graph.input_tensors[state.input].name == "before"
    assert model.graph.output_tensors[state.output].name == "sum"
    np.testing.assert_array_equal(state.initial, INITIAL)
    assert model.input_names == ("x",)
    assert [tensor.name for tensor in model.output_tensors] == ["y"]


def test_a_variable_accumulates_as_in_litert() -> None:
    data = accumulator(real("c", INITIAL))
    interpreter = reference_interpreter(data)
    for (result,), x in zip(run(read_model(data), STEPS), STEPS, strict=True):
        np.testing.assert_array_equal(result, run_interpreter(interpreter, [x])[0])


def test_reset_forgets() -> None:
    model = read_model(accumulator(real("c", INITIAL)))
    with ModelExecutor.open(model, "software") as executor:
        (first,) = executor.run([STEPS[0]])
        (second,) = executor.run([STEPS[0]])
        executor.reset()
        (again,) = executor.run([STEPS[0]])
    assert not np.array_equal(first, second)
    np.testing.assert_array_equal(first, again)


def test_a_variable_that_nothing_initialises_is_refused() -> None:
    with pytest.raises(UnsupportedOperation, match="variable 'total' is read, but nothing gives it a first value"):
        read_model(accumulator(None))


def test_an_initialisation_that_computes_is_refused() -> None:
    init = FileSubgraph([real("x", [1, 2]), real("y")], [FileOperator(Code.RELU, [0], [1])])
    data = write_file([real("x"), real("y")], [CALL_ONCE, FileOperator(Code.RELU, [0], [1])], [0], [1])
    with pytest.raises(InvalidModel, match="refers to subgraph 1, but has 1"):
        read_model(data)
    data = write_file(
        [real("x"), real("y")], [CALL_ONCE, FileOperator(Code.RELU, [0], [1])], [0], [1], more_subgraphs=[init]
    )
    with pytest.raises(UnsupportedOperation, match="initialisation runs RELU; only constants"):
        read_model(data)


def test_a_variable_keeps_its_shape_and_type() -> None:
    integer = FileTensor("i", [2], INT8, scales=[0.5], zero_points=[0])
    tensors = [integer, handle("h"), real("before"), real("y")]
    operators = [
        CALL_ONCE,
        var_handle(1, "total"),
        FileOperator(Code.READ_VARIABLE, [1], [2]),
        FileOperator(Code.RELU, [2], [3]),
        FileOperator(Code.ASSIGN_VARIABLE, [1, 0], []),
    ]
    data = write_file(tensors, operators, [0], [3], more_subgraphs=[initialisation(real("c", INITIAL))])
    with pytest.raises(InvalidModel, match=r"variable 'before' is float32\[2\], but is assigned int8\[2\]"):
        read_model(data)


def test_a_variable_that_is_only_assigned_is_no_state() -> None:
    tensors = [real("x"), handle("h"), real("y")]
    operators = [
        var_handle(1, "unread"),
        FileOperator(Code.RELU, [0], [2]),
        FileOperator(Code.ASSIGN_VARIABLE, [1, 2], []),
    ]
    model = read_model(write_file(tensors, operators, [0], [2]))
    assert model.states == ()
    assert len(model.graph.inputs) == 1


def test_a_variable_tensor_is_no_constant() -> None:
    tensors = [real("x"), real("v", [1, 2], is_variable=True), real("y")]
    data = write_file(tensors, [FileOperator(Code.ADD, [0, 1], [2], "AddOptions")], [0], [2])
    with pytest.raises(InvalidModel, match="'v' is a variable, and a constant"):
        read_model(data)


def test_the_state_of_a_recurrent_layer_is_a_variable_tensor() -> None:
    tensors = [real("x"), real("v"), real("y")]
    data = write_file(tensors, [FileOperator(Code.SVDF, [0, 1, 1, 1, 1], [2], "SVDFOptions")], [0, 1], [2])
    with pytest.raises(InvalidModel, match="the state of SVDF is no variable tensor"):
        read_model(data)
