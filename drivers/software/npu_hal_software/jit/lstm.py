"""UNIDIRECTIONAL_SEQUENCE_LSTM of int8 values: a layer's steps, sequence by sequence.

Each step has two parts: the sums that enter the four gates, in vectors of units, and what the gates do to the cell and
the output, unit by unit with tables for the gates' functions. The arithmetic is that of TensorFlow Lite's reference
kernel, whatever the rounding of other operations: the reference level describes it.
"""

from npu_hal_software.jit.ir import I16, I32, I64, PTR, Function, Type, Value
from npu_hal_software.jit.kernel import KERNEL_PARAMETERS, Kernel, KernelContext, chunk_range
from npu_hal_software.jit.layout import GATES
from npu_hal_software.jit.record import LSTM
from npu_hal_software.jit.requantise import ExactRequantiser

_INT16 = (-(1 << 15), (1 << 15) - 1)
# Fraction bits of what the gates' functions give.
_FRACTION_BITS = 15


def emit_lstm(context: KernelContext) -> Kernel:
    """Sequences are chunks; the steps of one follow each other."""
    kind = LSTM
    _emit_sums(context)
    _emit_units(context)
    function = context.module.function("lstm", KERNEL_PARAMETERS)
    operation = function["operation"]
    steps = kind.read(operation, "steps")
    first, end = chunk_range(function, kind.read(operation, "sequences"))
    with function.count(end, start=first) as sequence:
        cell = kind.read(operation, "cell", PTR).offset(sequence * kind.read(operation, "units") << 1)
        sums = kind.read(operation, "sums", PTR).offset(sequence * kind.read(operation, "sums_bytes"))
        initial = kind.read(operation, "state", PTR).offset(sequence * kind.read(operation, "units"))
        state = function.variable(initial)
        with function.count(steps) as step:
            input_, output = (
                kind.read(operation, side, PTR).offset(
                    sequence * kind.read(operation, f"{side}_sequence_step")
                    + step * kind.read(operation, f"{side}_time_step")
                )
                for side in ("input", "output")
            )
            function.call("lstm_sums", (operation, input_, state.get(), sums))
            function.call("lstm_units", (operation, sums, cell, output))
            state.set(output)
    return Kernel(kind, "lstm")


def _emit_sums(context: KernelContext) -> None:
    """``saturate(round(state part) + saturate(round(input part)))`` of each gate and unit, as int32."""
    kind, lanes = LSTM, context.tier.lanes
    function = context.module.function("lstm_sums", {"operation": PTR, "input": PTR, "state": PTR, "sums": PTR})
    operation = function["operation"]
    block_count = kind.read(operation, "block_count")
    constants_bytes = len(GATES) * ExactRequantiser().block_bytes(lanes)
    with function.count(block_count) as number:
        block = kind.read(operation, "blocks", PTR).offset(number * kind.read(operation, "block_step"))
        weights = block.offset(2 * constants_bytes)
        groups = kind.read(operation, "input_groups")
        of_input = _products(context, function["input"], groups, block, weights)
        weights = weights.offset(groups * (len(GATES) * 4 * lanes))
        groups = kind.read(operation, "state_groups")
        of_state = _products(context, function["state"], groups, block.offset(constants_bytes), weights)
        for gate, (left, right) in enumerate(zip(of_input, of_state, strict=True)):
            total = _saturated(function, _saturated(function, left) + right)
            position = (block_count * gate + number) * (4 * lanes)
            function["sums"].store(total, position)


def _products(context: KernelContext, vector: Value, groups: Value, constants: Value, weights: Value) -> list[Value]:
    """The rescaled products of one vector of bytes by the weights of each gate; `groups` are of 4 bytes."""
    tier, lanes = context.tier, context.tier.lanes
    function, requantiser = vector.function, ExactRequantiser()
    type_ = Type("i32", lanes)
    blocks = [constants.offset(gate * requantiser.block_bytes(lanes)) for gate in range(len(GATES))]
    sums = [function.variable(requantiser.word(block, "bias", lanes)) for block in blocks]
    with function.count(groups) as group:
        activations = tier.prepare_activations(vector.load(I32, group << 2).splat(lanes))
        row = weights.offset(group * (len(GATES) * type_.bytes))
        for gate, total in enumerate(sums):
            prepared = tier.prepare_weights(row.load(type_, gate * type_.bytes))
            total.set(tier.dot(total.get(), activations, prepared))
    results = []
    for total, block in zip(sums, blocks, strict=True):
        shifted = requantiser.shift_left(total.get(), block)
        unused_bound = function.value(0, I32)
        results.append(requantiser.requantise(shifted, block, unused_bound, clamps_negative=False))
    return results


def _emit_units(context: KernelContext) -> None:
    """The new cell state, in place, and the output of each unit."""
    kind = LSTM
    function = context.module.function("lstm_units", {"operation": PTR, "sums": PTR, "cell": PTR, "output": PTR})
    operation = function["operation"]
    tables = {name: kind.read(operation, name, PTR) for name in ("logistic", "gate_tanh", "cell_tanh")}
    gate_bytes = kind.read(operation, "block_count") * (4 * context.tier.lanes)
    bound = kind.read(operation, "cell_bound", I32)
    lowest = kind.read(operation, "lowest_cell", I32)

    def look_up(table: str, argument: Value) -> Value:
        index = (argument & 0xFFFF).convert("zext", "i64")
        return tables[table].load(I16, index << 1).convert("sext", "i32")

    with function.count(kind.read(operation, "units")) as unit:
        sums = {
            gate: function["sums"].load(I32, gate_bytes * number + (unit << 2)) for number, gate in enumerate(GATES)
        }
        opened = {gate: look_up("logistic", sums[gate]) for gate in ("input", "forget", "output")}
        before = function["cell"].load(I16, unit << 1).convert("sext", "i32")
        kept = _divided_by_power_of_two(opened["forget"] * before, function.value(_FRACTION_BITS, I32))
        candidate = look_up("gate_tanh", sums["cell"])
        added = _divided_by_power_of_two(opened["input"] * candidate, kind.read(operation, "added_shift", I32))
        cell = function.minimum(function.maximum(kept + added, lowest), bound)
        function["cell"].store(cell.convert("trunc", "i16"), unit << 1)
        hidden = _rescaled(operation, opened["output"] * look_up("cell_tanh", cell))
        stored = function.minimum(function.maximum(hidden, function.value(0, I32)), function.value(255, I32))
        function["output"].store(stored.convert("trunc", "i8"), unit)


def _saturated(function: Function, values: Value) -> Value:
    low, high = (function.value(bound, values.type) for bound in _INT16)
    return function.minimum(function.maximum(values, low), high)


def _divided_by_power_of_two(value: Value, bits: Value) -> Value:
    """Rounded, ties away from zero; there is at least one bit."""
    half = value.function.value(1, value.type) << (bits - 1)
    return (value + half + (value >> 31)) >> bits


def _rescaled(operation: Value, product: Value) -> Value:
    """The product in the scale of the hidden values, rounded twice, and their stored zero point added."""
    multiplier, shift = (LSTM.read(operation, name) for name in ("hidden_multiplier", "hidden_shift"))
    high = (product.convert("sext", "i64") * multiplier + (1 << 30)) >> 31
    half = operation.function.value(1, I64) << (shift - 1)
    rounded = (high + half + (high >> 63)) >> shift
    return (rounded + LSTM.read(operation, "hidden_zero_point")).convert("trunc", "i32")
