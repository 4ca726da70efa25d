"""UNIDIRECTIONAL_SEQUENCE_LSTM, RNN and SVDF.

The schema's operators keep state in variable tensors, which they overwrite. Operations have the new state as outputs of
its own: the converters here expect these as additional outputs of the operator, after those of the schema and in the
order of the state's inputs (`npu_hal.tflite.states` adds them).
"""

from typing import Any

from npu_hal.api import InvalidGraph, Quantization, Rnn, Svdf, UnidirectionalSequenceLstm, UnsupportedOperation
from npu_hal.tflite.converters.operands import Operands

# ActivationFunctionType of the schema; the LSTM kernels number the sigmoid 6, which the schema has not.
_LSTM_ACTIVATIONS = {0: "NONE", 1: "RELU", 3: "RELU6", 4: "TANH", 6: "SIGMOID"}
_RNN_ACTIVATIONS = {0: "NONE", 1: "RELU", 2: "RELU_N1_TO_1", 3: "RELU6", 4: "TANH", 6: "SIGMOID"}

_WEIGHT_OPERANDS = (
    "input",
    "input_to_input_weights",
    "input_to_forget_weights",
    "input_to_cell_weights",
    "input_to_output_weights",
    "recurrent_to_input_weights",
    "recurrent_to_forget_weights",
    "recurrent_to_cell_weights",
    "recurrent_to_output_weights",
    "cell_to_input_weights",
    "cell_to_forget_weights",
    "cell_to_output_weights",
    "input_gate_bias",
    "forget_gate_bias",
    "cell_gate_bias",
    "output_gate_bias",
    "projection_weights",
    "projection_bias",
    "output_state",
    "cell_state",
)
_NORMALIZATION_OPERANDS = (
    "input_layer_norm_coefficients",
    "forget_layer_norm_coefficients",
    "cell_layer_norm_coefficients",
    "output_layer_norm_coefficients",
)
LSTM_OPERANDS = (*_WEIGHT_OPERANDS, *_NORMALIZATION_OPERANDS)


def convert_unidirectional_sequence_lstm(operands: Operands) -> UnidirectionalSequenceLstm:
    """Inputs: as `LSTM_OPERANDS` names them, the last four may be left out. Intermediates: gates, then hidden state."""
    if operands.flag("diagonal_recurrent_tensors"):
        raise UnsupportedOperation(f"{operands.name} with diagonal recurrent weights is not supported")
    given = operands.view.inputs
    if len(given) not in (len(_WEIGHT_OPERANDS), len(LSTM_OPERANDS)):
        raise InvalidGraph(f"{operands.name} has {len(given)} inputs, it takes {len(LSTM_OPERANDS)}")
    fields: dict[str, Any] = {name: index for name, index in zip(LSTM_OPERANDS, given, strict=False) if index >= 0}
    required = {
        name
        for name, field in UnidirectionalSequenceLstm.model_fields.items()
        if name in LSTM_OPERANDS and field.is_required()
    }
    missing = sorted(required - set(fields))
    if missing:
        raise InvalidGraph(f"input {missing[0]} of {operands.name} is absent, and not optional")
    output, output_state, cell_state = _with_states(operands, 2)
    gates = [_quantization(operands, index) for index in operands.view.intermediates]
    return UnidirectionalSequenceLstm(
        **fields,
        output=output,
        new_output_state=output_state,
        new_cell_state=cell_state,
        activation=_activation(operands, _LSTM_ACTIVATIONS),
        cell_clip=operands.real("cell_clip"),
        projection_clip=operands.real("proj_clip"),
        time_major=operands.flag("time_major"),
        gate_quantizations=tuple(gates[:4]) if any(gates[:4]) else (),
        hidden_quantization=gates[4] if len(gates) > 4 else None,
    )


def convert_rnn(operands: Operands) -> Rnn:
    """Inputs: input, weights, recurrent weights, bias, hidden state."""
    x, weights, recurrent_weights, bias, state = operands.required_inputs(5)
    output, new_state = _with_states(operands, 1)
    return Rnn(
        input=x,
        weights=weights,
        recurrent_weights=recurrent_weights,
        bias=bias,
        hidden_state=state,
        new_hidden_state=new_state,
        output=output,
        activation=_activation(operands, _RNN_ACTIVATIONS),
    )


def convert_svdf(operands: Operands) -> Svdf:
    """Inputs: input, feature weights, time weights, optional bias, state."""
    given = operands.view.inputs
    if len(given) != 5 or any(index < 0 for position, index in enumerate(given) if position != 3):
        raise InvalidGraph(f"{operands.name} has inputs {list(given)}, it takes 5, of which the fourth may be absent")
    x, feature_weights, time_weights, bias, state = given
    output, new_state = _with_states(operands, 1)
    return Svdf(
        input=x,
        feature_weights=feature_weights,
        time_weights=time_weights,
        bias=None if bias < 0 else bias,
        state=state,
        new_state=new_state,
        output=output,
        rank=operands.integer("rank"),
        activation=operands.activation(),
    )


def _with_states(operands: Operands, states: int) -> tuple[int, ...]:
    """The operator's output, and the outputs that hold its new states."""
    if len(operands.view.outputs) == 1:
        raise UnsupportedOperation(
            f"{operands.name} keeps state from one inference to the next, which is left to whoever runs the model"
        )
    return operands.all_outputs(1 + states)


def _activation(operands: Operands, names: dict[int, str]) -> Any:
    number = operands.integer("fused_activation_function")
    if number not in names:
        raise UnsupportedOperation(f"{operands.name} with activation {number} is not supported")
    return names[number]


def _quantization(operands: Operands, index: int) -> Quantization | None:
    return operands.tensor(index).quantization if index >= 0 else None
