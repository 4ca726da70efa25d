"""UNIDIRECTIONAL_SEQUENCE_LSTM of int8 activations and weights, with an int16 cell state.

Gates are int16: sums of products are brought to 2**-12 (3 integer bits), and the functions give steps of 2**-15. With
zero points folded into the biases, for each step of the sequence::

    gate   = saturate(round((W x + b) * s_x s_W / 2**-12) + round(R h * s_h s_R / 2**-12) + peephole)
    cell   = saturate(round(sigmoid(forget) * cell / 2**15) + round(sigmoid(input) * tanh(cell gate) * 2**-30 / s_cell))
    hidden = saturate(round(sigmoid(output) * tanh(cell) * 2**-30 / s_hidden) + zero point)

s_cell is a power of two; every other factor is a `FixedPointMultiplier`. Without an input gate its place is taken by
``32767 - sigmoid(forget)``. Without a projection the hidden values are the output state. A projection brings them to
it; TensorFlow Lite's kernel then has them with the negated zero point, which shows where they saturate.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from npu_hal.api import Array, DType, Quantization, Tensor, UnidirectionalSequenceLstm
from npu_hal_software.reference.fixed_point import FixedPointMultiplier, Integers, rounding_divide_by_power_of_two
from npu_hal_software.reference.fixed_point16 import INT16_MAX, INT16_MIN, logistic_table, tanh_table
from npu_hal_software.reference.kernel import Kernel, prepare_early
from npu_hal_software.reference.quantized import scale_of, zero_point_of

GATES = ("input", "forget", "cell", "output")
# Of the sums that enter the gates' functions, where no layer normalisation gives them another one.
GATE_SCALE = 2.0**-12
_WIDEST_TANH = 6


@dataclass(frozen=True, slots=True)
class _Product:
    """``round((vector @ matrix + bias) * multiplier)`` for vectors as stored; a multiplier for each column.

    Sums stay far below 2**53, so that matrices of float64, which BLAS multiplies, are exact.
    """

    matrix: NDArray[np.float64]
    bias: NDArray[np.float64]
    multiplier: FixedPointMultiplier

    def of(self, vectors: Integers) -> Integers:
        return self.multiplier.multiply(vectors @ self.matrix + self.bias)

    @classmethod
    def beside(cls, products: Sequence["_Product"]) -> "_Product":
        """All columns of several products of the same vectors."""
        columns = [product.matrix.shape[1] for product in products]
        return cls(
            np.concatenate([product.matrix for product in products], axis=1),
            np.concatenate([product.bias for product in products]),
            FixedPointMultiplier(
                np.repeat([product.multiplier.significands for product in products], columns),
                np.repeat([product.multiplier.exponents for product in products], columns),
            ),
        )


@dataclass(frozen=True, slots=True)
class _Peephole:
    """``round(weights * cell * multiplier)``."""

    weights: Integers
    multiplier: FixedPointMultiplier

    def add(self, sums: Integers, cell: Integers) -> Integers:
        return _saturate16(sums + self.multiplier.multiply(self.weights * cell))


@dataclass(frozen=True, slots=True)
class _Weights:
    """A layer's weights: the products of all gates side by side, in the order of `names`."""

    names: tuple[str, ...]
    from_input: _Product
    from_state: _Product
    peepholes: Mapping[str, _Peephole]
    projection: _Product | None


class _Layer:
    """One layer: its attributes, prepared once, and its weights, prepared when they are known."""

    def __init__(self, operation: UnidirectionalSequenceLstm, tensors: Sequence[Tensor]) -> None:
        self._operation = operation
        self._tensors = tensors
        cell = tensors[operation.cell_state].affine().scale
        self._cell_exponent = cell_exponent(cell)
        self._state_zero_point = zero_point_of(tensors[operation.output_state])
        self._hidden = _require(operation.hidden_quantization)
        has_projection = operation.projection_weights is not None
        self._hidden_zero_point = -self._hidden.zero_point if has_projection else self._hidden.zero_point
        self._hidden_multiplier = FixedPointMultiplier.from_real(
            np.float64(np.float32(2.0**-15) / np.float32(self._hidden.scale) * np.float32(2.0**-15))
        )
        self._cell_bound = _bound(operation.cell_clip, cell, INT16_MAX)
        self._projection_bound = _bound(operation.projection_clip, scale_of(tensors[operation.output_state]), 127)

    def weights(self, arrays: Mapping[int, Array]) -> _Weights:
        """The weights, from the arrays of the operands."""
        operation = self._operation
        names = tuple(name for name in GATES if getattr(operation, f"input_to_{name}_weights") is not None)
        return _Weights(
            names,
            _Product.beside([self._from_input(name, arrays) for name in names]),
            _Product.beside([self._from_state(name, arrays) for name in names]),
            {name: peephole for name in names if (peephole := self._peephole(name, arrays)) is not None},
            self._projection(arrays),
        )

    def inputs(self, weights: _Weights, x: Integers) -> Integers:
        """What the inputs ``[T, B, I]`` give to the gates' sums."""
        return _saturate16(weights.from_input.of(x))

    def step(
        self, weights: _Weights, from_input: Integers, state: Integers, cell: Integers
    ) -> tuple[Integers, Integers]:
        """The new output state and cell state."""
        sums = _saturate16(weights.from_state.of(state) + from_input)
        gates = dict(zip(weights.names, np.split(sums, len(weights.names), axis=1), strict=True))
        peepholes = weights.peepholes
        for name in ("input", "forget"):
            if name in peepholes:
                gates[name] = peepholes[name].add(gates[name], cell)
        forget = _sigmoid(gates["forget"])
        taken = _sigmoid(gates["input"]) if "input" in gates else INT16_MAX - forget
        candidate = _tanh(gates["cell"], 3)
        kept = _wrap16(rounding_divide_by_power_of_two(forget * cell, 15))
        added = _wrap16(rounding_divide_by_power_of_two(taken * candidate, 30 + self._cell_exponent))
        cell = _saturate16(kept + added)
        if self._cell_bound:
            cell = np.clip(cell, -self._cell_bound, self._cell_bound)
        if "output" in peepholes:
            gates["output"] = peepholes["output"].add(gates["output"], cell)
        squashed = _tanh(cell, 15 + self._cell_exponent)
        hidden = self._hidden_multiplier.multiply(_sigmoid(gates["output"]) * squashed)
        return self._project(weights.projection, _saturate8(hidden + self._hidden_zero_point)), cell

    def _project(self, projection: _Product | None, hidden: Integers) -> Integers:
        if projection is None:
            return hidden
        projected = _saturate8(projection.of(hidden) + self._state_zero_point)
        if self._projection_bound:
            projected = np.clip(projected, -self._projection_bound, self._projection_bound)
        return projected

    def _from_input(self, name: str, arrays: Mapping[int, Array]) -> _Product:
        weights: int = getattr(self._operation, f"input_to_{name}_weights")
        bias: int | None = getattr(self._operation, f"{name}_gate_bias")
        zero_point = zero_point_of(self._tensors[self._operation.input])
        scale = self._scale(weights) * self._scale(self._operation.input) / np.float32(GATE_SCALE)
        return _product(arrays[weights], None if bias is None else arrays[bias], zero_point, scale)

    def _from_state(self, name: str, arrays: Mapping[int, Array]) -> _Product:
        weights: int = getattr(self._operation, f"recurrent_to_{name}_weights")
        scale = self._scale(weights) * self._scale(self._operation.output_state) / np.float32(GATE_SCALE)
        return _product(arrays[weights], None, self._state_zero_point, scale)

    def _peephole(self, name: str, arrays: Mapping[int, Array]) -> _Peephole | None:
        weights: int | None = getattr(self._operation, f"cell_to_{name}_weights", None)
        if weights is None:
            return None
        scale = np.float32(2.0**self._cell_exponent) * self._scale(weights) / np.float32(GATE_SCALE)
        return _Peephole(np.asarray(arrays[weights], np.int64), FixedPointMultiplier.from_real(np.float64(scale)))

    def _projection(self, arrays: Mapping[int, Array]) -> _Product | None:
        weights, bias = self._operation.projection_weights, self._operation.projection_bias
        if weights is None:
            return None
        scale = self._scale(weights) * np.float32(self._hidden.scale) / self._scale(self._operation.output_state)
        return _product(arrays[weights], None if bias is None else arrays[bias], self._hidden_zero_point, scale)

    def _scale(self, index: int) -> np.float32:
        return scale_of(self._tensors[index])


def _product(weights: Array, bias: Array | None, zero_point: int, scale: np.float32) -> _Product:
    matrix = weights.astype(np.float64)
    offset = -zero_point * matrix.sum(axis=1)
    if bias is not None:
        offset += bias
    return _Product(np.ascontiguousarray(matrix.T), offset, FixedPointMultiplier.from_real(np.float64(scale)))


def compile_lstm_int8(operation: UnidirectionalSequenceLstm, tensors: Sequence[Tensor]) -> Kernel:
    """The kernel of an int8 layer over a sequence."""
    layer = _Layer(operation, tensors)
    changing = {operation.input, operation.output_state, operation.cell_state}
    fixed = [index for index in operation.inputs if index not in changing]
    positions = [operation.inputs.index(index) for index in fixed]
    prepared = prepare_early(
        lambda *arrays: layer.weights(dict(zip(fixed, arrays, strict=True))), tensors, (operation.input, *fixed)
    )
    at = {index: operation.inputs.index(index) for index in changing}

    def run(inputs: Sequence[Array], outputs: Sequence[Array]) -> None:
        weights = prepared([inputs[0], *(inputs[position] for position in positions)])
        x = inputs[at[operation.input]].astype(np.int64)
        results, new_state, new_cell = outputs
        if not operation.time_major:
            x, results = x.swapaxes(0, 1), results.swapaxes(0, 1)
        state = inputs[at[operation.output_state]].astype(np.int64).reshape(new_state.shape)
        cell = inputs[at[operation.cell_state]].astype(np.int64).reshape(new_cell.shape)
        for from_input, result in zip(layer.inputs(weights, x), results, strict=True):
            state, cell = layer.step(weights, from_input, state, cell)
            result[...] = state
        new_state[...], new_cell[...] = state, cell

    return run


def lstm_int8_refusal(operation: UnidirectionalSequenceLstm, tensors: Sequence[Tensor]) -> str:
    """Why an int8 layer is not defined, or ""."""
    if any(getattr(operation, f"{name}_layer_norm_coefficients") is not None for name in GATES):
        return "layer normalisation in an int8 LSTM is not defined here; float32 layers have it"
    if operation.activation != "TANH":
        return f"an int8 LSTM has the activation TANH, not {operation.activation}"
    for index in (*operation.inputs, *operation.outputs):
        tensor = tensors[index]
        if tensor.dtype in (DType.INT8, DType.INT16) and not _has_one_scale(tensor.quantization):
            return f"tensor {index} {tensor.name!r} of an int8 LSTM needs one scale, above 0"
    scale = tensors[operation.cell_state].affine().scale
    if not -15 <= cell_exponent(scale) <= _WIDEST_TANH - 15 or 2.0 ** cell_exponent(scale) != scale:
        return f"the cell state's scale {scale:g} is not one of the powers of two from 2**-15 to 2**-9"
    return ""


def _has_one_scale(quantization: Quantization | None) -> bool:
    return quantization is not None and not quantization.is_per_axis and quantization.scale > 0


def cell_exponent(scale: float) -> int:
    """The exponent of the power of two that is nearest to `scale`."""
    return round(float(np.log2(scale)))


def _require(quantization: Quantization | None) -> Quantization:
    if quantization is None:
        raise ValueError("the interface lets no int8 LSTM through without the quantisation of its hidden state")
    return quantization


def _bound(real: float, scale: Any, largest: int) -> int:
    """A clip value as stored, 0 if there is none."""
    return min(int(np.float32(real) / np.float32(scale)), largest) if real > 0 else 0


def _sigmoid(values: Integers) -> Integers:
    result: Integers = logistic_table()[values & 0xFFFF].astype(np.int64)
    return result


def _tanh(values: Integers, integer_bits: int) -> Integers:
    result: Integers = tanh_table(integer_bits)[values & 0xFFFF].astype(np.int64)
    return result


def _saturate16(values: Integers) -> Integers:
    return np.clip(values, INT16_MIN, INT16_MAX)


def _saturate8(values: Integers) -> Integers:
    return np.clip(values, -128, 127)


def _wrap16(values: Integers) -> Integers:
    return values.astype(np.int16).astype(np.int64)
