"""UNIDIRECTIONAL_SEQUENCE_LSTM of float32 values; `lstm_int8` has that of int8 values."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from npu_hal.api import Array, DType, Tensor, UnidirectionalSequenceLstm
from npu_hal_software.reference.activation import logistic
from npu_hal_software.reference.kernel import Kernel
from npu_hal_software.reference.lstm_int8 import compile_lstm_int8, lstm_int8_refusal
from npu_hal_software.reference.recurrent import activation_function

# Keeps the variance of a layer normalisation above 0.
_NORMALIZATION_EPSILON = np.float32(1e-8)


class _Layer:
    """The parameters of a layer in one invocation, by the names of the operation's fields."""

    def __init__(self, operation: UnidirectionalSequenceLstm, arrays: dict[int, Array]) -> None:
        self._operation = operation
        self._arrays = arrays
        self._activation = activation_function(operation.activation)

    def parameter(self, field: str) -> Any:
        """The array of an operand, None if it is absent."""
        index = getattr(self._operation, field)
        return None if index is None else self._arrays[index]

    def step(self, x: Array, output: Array, cell: Array) -> tuple[Array, Array]:
        """The new output ``[B, O]`` and the new cell state ``[B, U]``."""
        operation = self._operation
        forget = logistic(self._gate("forget", x, output, cell))
        if operation.input_to_input_weights is None:
            taken = 1 - forget
        else:
            taken = logistic(self._gate("input", x, output, cell))
        cell = forget * cell + taken * self._activation(self._gate("cell", x, output, None))
        cell = _clipped(cell, operation.cell_clip)
        hidden = logistic(self._gate("output", x, output, cell)) * self._activation(cell)
        projection, bias = self.parameter("projection_weights"), self.parameter("projection_bias")
        if projection is None:
            return hidden, cell
        hidden = hidden @ projection.T
        if bias is not None:
            hidden = hidden + bias
        return _clipped(hidden, operation.projection_clip), cell

    def _gate(self, gate: str, x: Array, output: Array, cell: Array | None) -> Array:
        sums: Array = x @ self.parameter(f"input_to_{gate}_weights").T
        sums += output @ self.parameter(f"recurrent_to_{gate}_weights").T
        peephole = None if cell is None else self.parameter(f"cell_to_{gate}_weights")
        if peephole is not None:
            sums += peephole * cell
        coefficients = self.parameter(f"{gate}_layer_norm_coefficients")
        if coefficients is not None:
            centred = sums - sums.mean(axis=1, keepdims=True)
            variance = np.square(centred).mean(axis=1, keepdims=True)
            sums = centred / np.sqrt(variance + _NORMALIZATION_EPSILON) * coefficients
        bias = self.parameter(f"{gate}_gate_bias")
        return sums if bias is None else sums + bias


def _clipped(values: Array, bound: float) -> Array:
    return np.clip(values, -bound, bound) if bound > 0 else values


def compile_lstm(operation: UnidirectionalSequenceLstm, tensors: Sequence[Tensor]) -> Kernel:
    """The kernel of a layer over a sequence."""
    if tensors[operation.input].dtype is DType.INT8:
        return compile_lstm_int8(operation, tensors)

    def run(inputs: Sequence[Array], outputs: Sequence[Array]) -> None:
        layer = _Layer(operation, dict(zip(operation.inputs, inputs, strict=True)))
        results, new_output, new_cell = outputs
        x = layer.parameter("input")
        if not operation.time_major:
            x, results = x.swapaxes(0, 1), results.swapaxes(0, 1)
        output = layer.parameter("output_state").reshape(new_output.shape)
        cell = layer.parameter("cell_state").reshape(new_cell.shape)
        for step, result in zip(x, results, strict=True):
            output, cell = layer.step(step, output, cell)
            result[...] = output
        new_output[...], new_cell[...] = output, cell

    return run


def lstm_refusal(operation: UnidirectionalSequenceLstm, tensors: Sequence[Tensor]) -> str:
    """Why an int8 layer is not defined; or ""."""
    return lstm_int8_refusal(operation, tensors) if tensors[operation.input].dtype is DType.INT8 else ""
