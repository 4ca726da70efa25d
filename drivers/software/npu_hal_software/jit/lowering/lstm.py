"""UNIDIRECTIONAL_SEQUENCE_LSTM of int8 values with all four gates, without peepholes and projection."""

from collections.abc import Sequence

import numpy as np

from npu_hal.api import DType, Tensor, UnidirectionalSequenceLstm
from npu_hal_software.jit.layout import GATES
from npu_hal_software.jit.lowering.movement import copy_rows
from npu_hal_software.jit.lowering.weights import CentredWeights, bias_values, folded_bias
from npu_hal_software.jit.packing.lstm_weights import GateProduct, pack_gates
from npu_hal_software.jit.packing.requantisation import quantise_multiplier
from npu_hal_software.jit.program import Program, position_chunks, stored_offset
from npu_hal_software.jit.record import LSTM
from npu_hal_software.reference.fixed_point16 import (
    INT16_MAX,
    INT16_MIN,
    INTEGER_BITS_OF_GATES,
    logistic_table,
    tanh_table,
)
from npu_hal_software.reference.lstm_int8 import GATE_SCALE, cell_exponent

_FRACTION_BITS = 15


def _fits_lstm(operation: UnidirectionalSequenceLstm, tensors: Sequence[Tensor]) -> bool:
    """Whether the kernel computes the layer; `reference.lstm_int8` has the other forms."""
    absent = ("cell_to_input", "cell_to_forget", "cell_to_output", "projection")
    weights = [getattr(operation, f"{side}_to_{gate}_weights") for side in ("input", "recurrent") for gate in GATES]
    biases = [getattr(operation, f"{gate}_gate_bias") for gate in GATES]
    return (
        tensors[operation.input].dtype is DType.INT8
        and all(getattr(operation, f"{name}_weights") is None for name in absent)
        and all(index is not None and tensors[index].is_constant for index in weights)
        and all(index is None or tensors[index].is_constant for index in biases)
        and _hidden_multiplier(operation)[1] > 0
    )


def lower_lstm(program: Program, operation: UnidirectionalSequenceLstm) -> bool:
    """The new states start as copies: the cell state is updated in place, the output state is the last output."""
    if not _fits_lstm(operation, program.graph.tensors):
        return False
    input_, output = program.tensor(operation.input), program.tensor(operation.output)
    cell_state = program.tensor(operation.new_cell_state)
    sequences, units = cell_state.shape
    steps = input_.size // (sequences * input_.shape[2])
    cell = program.output(operation.new_cell_state)
    source, mask = program.exact(operation.cell_state)
    copy_rows(program, source, cell, 1, cell_state.nbytes, cell_state.nbytes, cell_state.nbytes, mask)
    packed = pack_gates(
        _gates(program, operation, "input"), _gates(program, operation, "recurrent"), program.tier.lanes
    )
    program.keep_object(packed)
    exponent = cell_exponent(cell_state.affine().scale)
    multiplier, shift = _hidden_multiplier(operation)
    sums_bytes = 4 * len(GATES) * packed.count * program.tier.lanes
    bound = _cell_bound(operation, cell_state)
    target = program.output(operation.output)
    program.emit(
        LSTM,
        position_chunks(program, sequences * steps * packed.memory.nbytes // 16, sequences),
        input=program.stored(operation.input),
        output=target,
        **_steps("input", operation, sequences, steps, input_.shape[2]),
        **_steps("output", operation, sequences, steps, units),
        sequences=sequences,
        steps=steps,
        units=units,
        state=program.stored(operation.output_state),
        cell=cell,
        blocks=packed.memory.ctypes.data,
        block_step=packed.step,
        block_count=packed.count,
        input_groups=packed.group_counts[0],
        state_groups=packed.group_counts[1],
        sums=program.scratch(sequences * sums_bytes),
        sums_bytes=sums_bytes,
        logistic=program.keep(logistic_table()),
        gate_tanh=program.keep(tanh_table(INTEGER_BITS_OF_GATES)),
        cell_tanh=program.keep(tanh_table(_FRACTION_BITS + exponent)),
        added_shift=2 * _FRACTION_BITS + exponent,
        cell_bound=bound or INT16_MAX,
        lowest_cell=-bound or INT16_MIN,
        hidden_multiplier=multiplier,
        hidden_shift=shift,
        hidden_zero_point=_hidden_zero_point(operation) + stored_offset(output),
    )
    last = _steps("output", operation, sequences, steps, units)
    copy_rows(
        program,
        target.moved((steps - 1) * last["output_time_step"]),
        program.output(operation.new_output_state),
        sequences,
        units,
        last["output_sequence_step"],
        units,
        0,
    )
    return True


def _steps(side: str, operation: UnidirectionalSequenceLstm, sequences: int, steps: int, depth: int) -> dict[str, int]:
    """Bytes from one sequence to the next, and from one step in time to the next."""
    by_sequence, by_time = (depth, sequences * depth) if operation.time_major else (steps * depth, depth)
    return {f"{side}_sequence_step": by_sequence, f"{side}_time_step": by_time}


def _gates(program: Program, operation: UnidirectionalSequenceLstm, side: str) -> list[GateProduct]:
    """The gates' products with the input, which have the biases, or with the recurrent output state."""
    vector = program.tensor(operation.input if side == "input" else operation.output_state)
    products = []
    for gate in GATES:
        tensor = program.tensor(getattr(operation, f"{side}_to_{gate}_weights"))
        bias = getattr(operation, f"{gate}_gate_bias") if side == "input" else None
        weights = tensor.constant()
        products.append(
            GateProduct(
                weights,
                folded_bias(
                    bias_values(program, bias, len(weights)),
                    CentredWeights((weights,)),
                    vector,
                    program.tier.signed_activations,
                ),
                float(_scale(tensor) * _scale(vector) / np.float32(GATE_SCALE)),
            )
        )
    return products


def _scale(tensor: Tensor) -> np.float32:
    return np.float32(tensor.affine().scale)


def _hidden_multiplier(operation: UnidirectionalSequenceLstm) -> tuple[int, int]:
    """Significand and right shift of what brings products of two gates' results to the hidden values' scale."""
    if operation.hidden_quantization is None:
        return 0, 0
    step = np.float32(2.0**-_FRACTION_BITS)
    real = np.float64(step / np.float32(operation.hidden_quantization.scale) * step)
    significand, exponent = quantise_multiplier(np.array([real]))
    return int(significand[0]), -int(exponent[0])


def _hidden_zero_point(operation: UnidirectionalSequenceLstm) -> int:
    return 0 if operation.hidden_quantization is None else operation.hidden_quantization.zero_point


def _cell_bound(operation: UnidirectionalSequenceLstm, cell_state: Tensor) -> int:
    """The clip value of the cell state as stored, 0 if there is none."""
    if operation.cell_clip <= 0:
        return 0
    return min(int(np.float32(operation.cell_clip) / _scale(cell_state)), INT16_MAX)
