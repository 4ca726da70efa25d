"""How much arithmetic an operation is: its multiply-accumulates, the usual measure of a network's size."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from npu_hal.api import Tensor

if TYPE_CHECKING:
    from npu_hal.api import AnyOperation, UnidirectionalSequenceLstm


def multiply_accumulates(operation: "AnyOperation", tensors: Sequence[Tensor]) -> int:
    """Products of inputs and weights that one inference sums up.

    `tensors` are those that the operation's operands index. Taps on padding count. Operations that have no weights,
    such as additions and poolings, count as 0, as is customary.
    """
    match operation.kind:
        case "CONV_2D":
            # [O, KH, KW, I / groups]
            return tensors[operation.output].size * math.prod(tensors[operation.filter].shape[1:])
        case "DEPTHWISE_CONV_2D":
            # [1, KH, KW, C * multiplier]
            return tensors[operation.output].size * math.prod(tensors[operation.filter].shape[1:3])
        case "TRANSPOSE_CONV":
            # [O, KH, KW, I]: each input value meets every tap of every output channel.
            return tensors[operation.input].size * math.prod(tensors[operation.filter].shape[:3])
        case "FULLY_CONNECTED":
            # [O, I]
            return tensors[operation.output].size * tensors[operation.weights].shape[1]
        case "UNIDIRECTIONAL_SEQUENCE_LSTM":
            batch, steps = tensors[operation.input].shape[:2]
            return batch * steps * sum(tensors[index].size for index in _lstm_matrices(operation))
        case "RNN":
            weights = tensors[operation.weights].size + tensors[operation.recurrent_weights].size
            return tensors[operation.input].shape[0] * weights
        case "SVDF":
            weights = tensors[operation.feature_weights].size + tensors[operation.time_weights].size
            return tensors[operation.input].shape[0] * weights
    return 0


def _lstm_matrices(operation: "UnidirectionalSequenceLstm") -> list[int]:
    matrices = (
        operation.input_to_input_weights,
        operation.input_to_forget_weights,
        operation.input_to_cell_weights,
        operation.input_to_output_weights,
        operation.recurrent_to_input_weights,
        operation.recurrent_to_forget_weights,
        operation.recurrent_to_cell_weights,
        operation.recurrent_to_output_weights,
        operation.projection_weights,
    )
    return [index for index in matrices if index is not None]
