"""Recurrent operators: what cannot be expressed is said, and what no valid model has is told apart."""

from collections.abc import Mapping
from typing import Any

import pytest
from tflite import BuiltinOperator as Code

from npu_hal.api import (
    AnyOperation,
    DType,
    InvalidGraph,
    Rnn,
    Svdf,
    Tensor,
    UnidirectionalSequenceLstm,
    UnsupportedOperation,
)
from npu_hal.tflite.operator_view import OptionValue
from npu_hal.tflite.operators import OperatorView, convert_operator


def real(*shape: int) -> Tensor:
    return Tensor(name="t", shape=shape, dtype=DType.FLOAT32)


MATRIX, VECTOR = real(4, 4), real(4)
SEQUENCE = real(1, 3, 4)
STATE = real(1, 4)
# The operands of an LSTM of 4 units and outputs, by position; the rest is absent.
LSTM_TENSORS = {0: SEQUENCE, **dict.fromkeys(range(1, 9), MATRIX), **dict.fromkeys(range(12, 16), VECTOR)}
LSTM_TENSORS |= {18: STATE, 19: STATE}


def convert_lstm(
    options: Mapping[str, OptionValue] | None = None, count: int = 24, absent: tuple[int, ...] = (), outputs: int = 3
) -> AnyOperation:
    tensors = [LSTM_TENSORS.get(position, VECTOR) for position in range(count)]
    inputs = tuple(position if position in LSTM_TENSORS and position not in absent else -1 for position in range(count))
    tensors += [SEQUENCE, STATE, STATE]
    view = OperatorView(
        Code.UNIDIRECTIONAL_SEQUENCE_LSTM,
        inputs=inputs,
        outputs=tuple(range(count, count + outputs)),
        options={"fused_activation_function": 4, **(options or {})},
    )
    return convert_operator(view, tensors)


@pytest.mark.parametrize("count", [20, 24])
def test_lstm(count: int) -> None:
    operation = convert_lstm({"cell_clip": 2.0, "proj_clip": 3.0, "time_major": True}, count)
    assert isinstance(operation, UnidirectionalSequenceLstm)
    assert (operation.input_to_input_weights, operation.recurrent_to_output_weights) == (1, 8)
    assert (operation.input_gate_bias, operation.output_gate_bias, operation.cell_state) == (12, 15, 19)
    assert operation.cell_to_input_weights is None
    assert (operation.new_output_state, operation.new_cell_state) == (count + 1, count + 2)
    assert (operation.activation, operation.cell_clip, operation.projection_clip) == ("TANH", 2.0, 3.0)
    assert operation.time_major


def test_an_lstm_without_input_gate() -> None:
    operation = convert_lstm(absent=(1, 5, 12))
    assert isinstance(operation, UnidirectionalSequenceLstm)
    assert operation.input_to_input_weights is None


@pytest.mark.parametrize(
    ("arguments", "error", "reason"),
    [
        ({"count": 21}, InvalidGraph, "has 21 inputs, it takes 24"),
        ({"absent": (2,)}, InvalidGraph, "input input_to_forget_weights of .* is absent"),
        ({"absent": (19,)}, InvalidGraph, "input cell_state of .* is absent"),
        ({"outputs": 2}, InvalidGraph, "it gives 3"),
        ({"outputs": 1}, UnsupportedOperation, "keeps state from one inference to the next"),
        ({"options": {"diagonal_recurrent_tensors": True}}, UnsupportedOperation, "diagonal recurrent weights"),
        ({"options": {"fused_activation_function": 5}}, UnsupportedOperation, "activation 5 is not supported"),
    ],
)
def test_lstms_that_are_refused(arguments: dict[str, Any], error: type[Exception], reason: str) -> None:
    with pytest.raises(error, match=reason):
        convert_lstm(**arguments)


def convert(code: int, tensors: list[Tensor | None], options: Mapping[str, OptionValue]) -> AnyOperation:
    inputs = tuple(-1 if tensor is None else position for position, tensor in enumerate(tensors))
    known = [VECTOR if tensor is None else tensor for tensor in tensors]
    view = OperatorView(code, inputs=inputs, outputs=(len(known), len(known) + 1), options=options)
    return convert_operator(view, [*known, STATE, STATE])


def test_rnn_and_svdf() -> None:
    rnn = convert(Code.RNN, [STATE, MATRIX, MATRIX, VECTOR, STATE], {"fused_activation_function": 4})
    assert isinstance(rnn, Rnn)
    assert (rnn.activation, rnn.hidden_state, rnn.output, rnn.new_hidden_state) == ("TANH", 4, 5, 6)
    svdf = convert(Code.SVDF, [STATE, MATRIX, real(4, 3), None, real(1, 12)], {"rank": 2})
    assert isinstance(svdf, Svdf)
    assert (svdf.bias, svdf.state, svdf.output, svdf.new_state, svdf.rank) == (None, 4, 5, 6, 2)


@pytest.mark.parametrize("inputs", [[STATE, MATRIX, MATRIX, VECTOR], [STATE, None, MATRIX, VECTOR, STATE]])
def test_an_svdf_lacks_no_operand_but_its_bias(inputs: list[Tensor | None]) -> None:
    with pytest.raises(InvalidGraph, match="it takes 5, of which the fourth may be absent"):
        convert(Code.SVDF, inputs, {"rank": 1})
