"""Depthwise convolution: 3x3 in registers, and every other size by groups of four taps.

The dot-product instruction adds four neighbouring bytes, so bytes of four taps of the same channel are interleaved:
four input vectors become four vectors whose 32-bit lanes hold the four taps of one channel each.

A block of channels (four vectors of accumulators) has a header, the constants of its four vectors, and its weights. The
header says of how many int8 terms the weights are sums: differences of uint8 weights and their zero point have nine
bits.
"""

from collections.abc import Sequence
from itertools import product

from npu_hal_software.jit.ir import I64, PTR, Type, Value, Variable
from npu_hal_software.jit.kernel import (
    KERNEL_PARAMETERS,
    Kernel,
    KernelContext,
    OutputStage,
    chunk_range,
    storing_rows,
    storing_valid_to,
)
from npu_hal_software.jit.layout import HEADER_BYTES, ROW_VARIANTS
from npu_hal_software.jit.record import DEPTHWISE, DEPTHWISE_3X3


def interleave(rows: Sequence[Value]) -> list[Value]:
    """Four byte vectors as four int32 vectors; lane 4 l + e of vector j holds byte 16 l + 4 j + e of each row."""
    lanes = rows[0].type.lanes
    words, result_type = Type("i16", lanes // 2), Type("i32", lanes // 4)
    upper = [_unpack(rows[0], rows[1], half).bitcast(words) for half in (0, 1)]
    lower = [_unpack(rows[2], rows[3], half).bitcast(words) for half in (0, 1)]
    return [_unpack(upper[i], lower[i], half).bitcast(result_type) for i, half in product((0, 1), (0, 1))]


def _unpack(left: Value, right: Value, half: int) -> Value:
    """Alternating elements of the lower (0) or upper (1) half of each 128-bit part."""
    lanes, per_part = left.type.lanes, 128 // left.type.bits
    indices = []
    for part, element in product(range(lanes // per_part), range(per_part // 2)):
        source = part * per_part + half * per_part // 2 + element
        indices += [source, lanes + source]
    return left.shuffle(right, indices)


def emit_depthwise(context: KernelContext) -> list[Kernel]:
    """Generate both kernels, for every width of blocks that the tier has."""
    for lanes in context.tier.widths:
        _emit_3x3_rows(context, lanes, stride=1)
        _emit_3x3_rows(context, lanes, stride=2)
        _emit_row(context, lanes)
    _emit_3x3_driver(context)
    _emit_driver(context)
    return [Kernel(DEPTHWISE_3X3, "depthwise_3x3"), Kernel(DEPTHWISE, "depthwise")]


class DepthwiseBlock:
    """Access to a block of channels from inside of a kernel."""

    def __init__(self, context: KernelContext, address: Value, lanes: int) -> None:
        self._context = context
        self._type = Type("i32", lanes)
        block_bytes = context.requantiser.block_bytes(lanes)
        self.terms = address.load(I64)
        self.constants = [address.offset(HEADER_BYTES + j * block_bytes) for j in range(4)]
        self._weights = address.offset(HEADER_BYTES + 4 * block_bytes)

    def biases(self) -> list[Value]:
        """The initial accumulators."""
        return [self._context.requantiser.word(block, "bias", self._type.lanes) for block in self.constants]

    def weights(self, group: Value | int, vector: int) -> tuple[Value, ...]:
        """The prepared weights of one group of four taps for one vector of channels."""
        group_bytes = 4 * self._type.bytes
        words = self._weights.offset(group * group_bytes).load(self._type, vector * self._type.bytes)
        return self._context.tier.prepare_weights(words)

    def rows_of_sums(self, columns: Sequence[Sequence[Value]], rows: int) -> list[list[Value]]:
        """Accumulators of a 3x3 kernel for one output row or two, from its interleaved columns."""
        tier, function = self._context.tier, self.terms.function
        sums = [[function.variable(bias) for bias in self.biases()] for _ in range(rows)]

        def add_term(term: Value | int) -> None:
            for row, vector, (kx, taps) in product(range(rows), range(4), enumerate(columns)):
                weights = self.weights(term * (ROW_VARIANTS * 3) + (row * 3 + kx), vector)
                total = sums[row][vector]
                total.set(tier.dot(total.get(), tier.prepare_activations(taps[vector]), weights))

        add_term(0)
        with function.count(self.terms, start=1) as term:
            add_term(term)
        return [[total.get() for total in row] for row in sums]


_ROWS_PARAMETERS = {
    "operation": PTR,
    "row0": PTR,
    "row1": PTR,
    "row2": PTR,
    "row3": PTR,
    "block": PTR,
    "output0": PTR,
    "output1": PTR,
}


def _emit_3x3_rows(context: KernelContext, lanes: int, stride: int) -> None:
    """Two output rows (stride 1) or one (stride 2) of one block of channels, from left to right.

    Interleaved columns stay in registers for the outputs that share them.
    """
    function = context.module.function(f"depthwise_3x3_s{stride}_{lanes}", _ROWS_PARAMETERS)
    operation = function["operation"]
    read = {
        name: DEPTHWISE_3X3.read(operation, name)
        for name in ("channels", "width", "output_width", "output_column_step", "pad_left")
    }
    zero_row = DEPTHWISE_3X3.read(operation, "zero_row", PTR)
    stage = OutputStage.of(context, DEPTHWISE_3X3, operation)
    block = DepthwiseBlock(context, function["block"], lanes)
    rows = [function[f"row{i}"] for i in ((0, 1, 2, 3) if stride == 1 else (0, 1, 2, 2))]
    outputs = [function["output0"], function["output1"]][: 2 if stride == 1 else 1]

    def column(index: Value) -> list[Value]:
        inside = index.compare("ult", read["width"])
        offset = index * read["channels"]
        vectors = [inside.select(row.offset(offset), zero_row).load(Type("i8", 4 * lanes)) for row in rows]
        return interleave(vectors)

    def variables(values: Sequence[Value]) -> list[Variable]:
        return [function.variable(value) for value in values]

    first = function.value(0, I64) - read["pad_left"]
    left = variables(column(first))
    middle = variables(column(first + 1)) if stride == 1 else []
    with function.count(read["output_width"], at_least_once=True) as x:
        source = x * stride - read["pad_left"]
        right = column(source + 2)
        centre = [v.get() for v in middle] if stride == 1 else column(source + 1)
        sums = block.rows_of_sums([[v.get() for v in left], centre, right], len(outputs))
        position = x * read["output_column_step"]
        stage.finish_products(sums, block.constants, storing_rows(outputs, position))
        for variable, value in zip(left, centre if stride == 1 else right, strict=True):
            variable.set(value)
        for variable, value in zip(middle, right, strict=False):
            variable.set(value)


def _emit_3x3_driver(context: KernelContext) -> None:
    """Pairs of output rows (stride 1) or single ones (stride 2); rows outside of the image are the zero row."""
    kind = DEPTHWISE_3X3
    function = context.module.function("depthwise_3x3", KERNEL_PARAMETERS)
    operation = function["operation"]
    read = {name: kind.read(operation, name) for name in kind.fields}
    zero_row = kind.read(operation, "zero_row", PTR)
    input_, output = kind.read(operation, "input", PTR), kind.read(operation, "output", PTR)
    scratch, blocks = kind.read(operation, "scratch", PTR), kind.read(operation, "blocks", PTR)
    stride_one = read["stride"].compare("eq", 1)
    pairs = (read["output_height"] + 1).lshr(1)
    first, end = chunk_range(function, stride_one.select(pairs, read["output_height"]))
    # The weights of a block, and the rows that its next outputs share, stay in the first-level cache.
    with function.count(read["block_count"]) as number, function.count(end, start=first) as unit:
        last = read["channels"] - read["block_width"]
        channel = function.minimum(number * read["block_width"], last)
        y = unit << 1
        sources = []
        for i in range(4):
            index = y - read["pad_top"] + i
            row = input_.offset(index * read["input_row_step"] + channel)
            sources.append(index.compare("ult", read["height"]).select(row, zero_row))
        output_y = stride_one.select(y, unit)
        output0 = output.offset(output_y * read["output_row_step"] + channel)
        is_pair = (output_y + 1).compare("slt", read["output_height"])
        output1 = is_pair.select(output0.offset(read["output_row_step"]), scratch)
        arguments = (operation, *sources, blocks.offset(number * read["block_step"]), output0, output1)
        variants = {
            16 * lanes + stride: function.calling(f"depthwise_3x3_s{stride}_{lanes}", arguments)
            for lanes, stride in product(context.tier.widths, (1, 2))
        }
        function.switch(read["block_width"] * 4 + read["stride"], variants)


_ROW_PARAMETERS = {"operation": PTR, "input": PTR, "block": PTR, "output": PTR, "valid": I64}


def _emit_row(context: KernelContext, lanes: int) -> None:
    """One output row of one block of channels, for any number of taps, from a padded input."""
    tier, kind = context.tier, DEPTHWISE
    function = context.module.function(f"depthwise_row_{lanes}", _ROW_PARAMETERS)
    operation = function["operation"]
    stage = OutputStage.of(context, kind, operation)
    block = DepthwiseBlock(context, function["block"], lanes)
    column_step = kind.read(operation, "column_step")
    channels = kind.read(operation, "channels")
    groups = kind.read(operation, "group_count")
    taps = kind.read(operation, "taps", PTR)
    byte_vector = Type("i8", 4 * lanes)
    with function.count(kind.read(operation, "output_width"), at_least_once=True) as x:
        source = function["input"].offset(x * column_step)
        accumulators = [function.variable(bias) for bias in block.biases()]
        with function.count(groups, at_least_once=True) as group:
            rows = [source.offset(taps.offset((group << 5) + 8 * i).load(I64)).load(byte_vector) for i in range(4)]
            prepared = [tier.prepare_activations(words) for words in interleave(rows)]

            def add_term(index: Value, prepared: list[tuple[Value, ...]] = prepared) -> None:
                for j, accumulator in enumerate(accumulators):
                    accumulator.set(tier.dot(accumulator.get(), prepared[j], block.weights(index, j)))

            add_term(group)
            with function.count(block.terms, start=1) as term:
                add_term(term * groups + group)
        target = function["output"].offset(x * channels)
        stage.finish_products(
            [[a.get() for a in accumulators]],
            block.constants,
            storing_valid_to(context, target, function["valid"]),
        )


def _emit_driver(context: KernelContext) -> None:
    kind = DEPTHWISE
    function = context.module.function("depthwise", KERNEL_PARAMETERS)
    operation = function["operation"]
    read = {name: kind.read(operation, name) for name in kind.fields}
    input_, output = kind.read(operation, "input", PTR), kind.read(operation, "output", PTR)
    blocks = kind.read(operation, "blocks", PTR)
    first, end = chunk_range(function, read["output_height"])
    with function.count(end, start=first) as y, function.count(read["block_count"]) as number:
        channel = number * read["block_width"]
        arguments = (
            operation,
            input_.offset(y * read["row_step"] + channel),
            blocks.offset(number * read["block_step"]),
            output.offset(y * read["output_row_step"] + channel),
            function.minimum(read["channels"] - channel, read["block_width"]),
        )
        variants = {4 * lanes: function.calling(f"depthwise_row_{lanes}", arguments) for lanes in context.tier.widths}
        function.switch(read["block_width"], variants)
