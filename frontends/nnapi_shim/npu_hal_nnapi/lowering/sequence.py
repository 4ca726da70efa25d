"""Recurrent layers and lookups."""

from typing import Literal

import numpy as np

from npu_hal.api import (
    DType,
    EmbeddingLookup,
    HashtableLookup,
    LshProjection,
    Pad,
    Reshape,
    Rnn,
    Shape,
    Slice,
    Svdf,
    UnidirectionalSequenceLstm,
)
from npu_hal_nnapi.errors import bad_data
from npu_hal_nnapi.lowering.context import OperationContext

_LstmActivation = Literal["NONE", "RELU", "RELU6", "TANH", "SIGMOID"]
_LSTM_ACTIVATIONS: dict[int, _LstmActivation] = {0: "NONE", 1: "RELU", 3: "RELU6", 4: "TANH", 6: "SIGMOID"}

_LSTM_OPERANDS = (
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
_LSTM_NORMS = tuple(f"{gate}_layer_norm_coefficients" for gate in ("input", "forget", "cell", "output"))


def lower_lstm(context: OperationContext) -> None:
    """One step of a layer: 20 tensors, activation, cell clip, projection clip[, 4 normalisation coefficients].

    Outputs: a scratch buffer whose contents mean nothing, output state, cell state, output.
    """
    activation = _LSTM_ACTIVATIONS.get(context.integer(20))
    if activation is None:
        raise bad_data(f"{context.integer(20)} is no activation of an LSTM")
    operands = {name: context.optional_tensor(1 + position) for position, name in enumerate(_LSTM_OPERANDS)}
    operands |= {name: context.optional_tensor(23 + position) for position, name in enumerate(_LSTM_NORMS)}
    if operands["input_to_input_weights"] is None:
        # Coupled gates: what is left of the input gate's parameters means nothing.
        for name in ("recurrent_to_input_weights", "cell_to_input_weights", "input_gate_bias"):
            operands[name] = None
    shape = context.shape_of_rank(0, 2)
    sequence = context.temporary(DType.FLOAT32, None)
    context.append(Reshape(input=context.tensor(0), output=sequence, shape=(1, *shape)))
    states, cells = context.result(1), context.result(2)
    steps = context.temporary(DType.FLOAT32, None)
    context.append(
        UnidirectionalSequenceLstm.model_validate(
            {
                "input": sequence,
                **operands,
                "output": steps,
                "new_output_state": states,
                "new_cell_state": cells,
                "activation": activation,
                "cell_clip": context.number(21),
                "projection_clip": context.number(22),
                "time_major": True,
            }
        )
    )
    _, batch, outputs = context.graph.builder.shape(steps)
    context.append(Reshape(input=steps, output=context.result(3), shape=(batch, outputs)))
    _fill_scratch(context)


def _fill_scratch(context: OperationContext) -> None:
    """Something of the scratch buffer's shape: contents mean nothing, but every output is computed."""
    shape = context.graph.type_of(context.operation.outputs[0]).dimensions
    zeros = context.graph.builder.constant("scratch", np.zeros(shape, np.float32))
    context.append(Reshape(input=zeros, output=context.result(0), shape=tuple(shape)))


def lower_rnn(context: OperationContext) -> None:
    """(input, weights, recurrent weights, bias, hidden state, activation); outputs: hidden state, output."""
    tensors = [context.tensor(position) for position in range(5)]
    activation = _LSTM_ACTIVATIONS.get(context.integer(5))
    if activation is None:
        raise bad_data(f"{context.integer(5)} is no activation of an RNN")
    context.append(
        Rnn.model_validate(
            {
                "input": tensors[0],
                "weights": tensors[1],
                "recurrent_weights": tensors[2],
                "bias": tensors[3],
                "hidden_state": tensors[4],
                "new_hidden_state": context.result(0),
                "output": context.result(1),
                "activation": activation,
            }
        )
    )


def lower_svdf(context: OperationContext) -> None:
    """(input, feature weights, time weights, bias, state, rank, activation); outputs: state, output.

    NNAPI's state has a free place after the activations, which graphs' state has before them.
    """
    x, features, times = (context.tensor(position) for position in range(3))
    bias, state = context.optional_tensor(3), context.tensor(4)
    rank, activation = context.integer(5), context.activation(6)
    filters, memory = context.shape_of_rank(2, 2)
    history = (context.shape_of_rank(4, 2)[0], filters, memory)
    new_state = context.temporary(DType.FLOAT32, None)
    context.append(
        Svdf(
            input=x,
            feature_weights=features,
            time_weights=times,
            bias=bias,
            state=_shifted(context, state, history, 1, context.temporary(DType.FLOAT32, None)),
            new_state=new_state,
            output=context.result(1),
            rank=rank,
            activation=activation,
        )
    )
    _shifted(context, new_state, history, -1, context.result(0))


def _shifted(context: OperationContext, state: int, history: Shape, step: int, result: int) -> int:
    """Each filter's activations moved by one place along time; the place that is left gets 0."""
    batch, filters, memory = history
    whole, kept, moved = (context.temporary(DType.FLOAT32, None) for _ in range(3))
    context.append(Reshape(input=state, output=whole, shape=history))
    begin = (0, 0, 0 if step > 0 else 1)
    context.append(Slice(input=whole, output=kept, begin=begin, sizes=(batch, filters, memory - 1)))
    room = (1, 0) if step > 0 else (0, 1)
    context.append(Pad(input=kept, output=moved, paddings=((0, 0), (0, 0), room)))
    context.append(Reshape(input=moved, output=result, shape=(batch, filters * memory)))
    return result


def lower_embedding_lookup(context: OperationContext) -> None:
    """(lookups, values)."""
    lookups, values = context.tensor(0), context.tensor(1)
    context.append(EmbeddingLookup(lookups=lookups, values=values, output=context.result()))


def lower_hashtable_lookup(context: OperationContext) -> None:
    """(lookups, keys, values); outputs: values, hits."""
    lookups, keys, values = (context.tensor(position) for position in range(3))
    context.append(
        HashtableLookup(lookups=lookups, keys=keys, values=values, output=context.result(0), hits=context.result(1))
    )


_LSH_MODES: dict[int, Literal["DENSE", "SPARSE", "SPARSE_WITHOUT_OFFSET"]] = {
    1: "SPARSE_WITHOUT_OFFSET",
    2: "DENSE",
    3: "SPARSE",
}


def lower_lsh_projection(context: OperationContext) -> None:
    """(hash, input, weight, mode)."""
    mode = _LSH_MODES.get(context.integer(3))
    if mode is None:
        raise bad_data(f"{context.integer(3)} is no form of an LSH projection")
    hashes, x, weight = context.tensor(0), context.tensor(1), context.optional_tensor(2)
    context.append(LshProjection(hash=hashes, input=x, weight=weight, output=context.result(), mode=mode))
