"""Depthwise 3x3 convolution of stride 1 with few channels: a row of pixels as one flat run of bytes.

Where the channels do not fill a block, a block of outputs spans pixels: output byte p of a row needs the input bytes at
p - channels, p and p + channels of three rows, whatever pixels they belong to. The weights of a block then depend on p
modulo the channels, and there are as many blocks of weights as it takes for a block and a pixel to begin together.

Where a run of input bytes leaves the row, it is read from a copy of that end of the row with zero points beside it.
"""

from npu_hal_software.jit.depthwise import DepthwiseBlock, interleave
from npu_hal_software.jit.ir import I64, PTR, Type, Value
from npu_hal_software.jit.kernel import KERNEL_PARAMETERS, Kernel, KernelContext, OutputStage, chunk_range, store_valid
from npu_hal_software.jit.layout import FLAT_ROWS, ROW_END_VECTORS, ROW_PART_VECTORS, ZERO_VECTORS
from npu_hal_software.jit.record import DEPTHWISE_FLAT


def emit_depthwise_flat(context: KernelContext) -> Kernel:
    """Generate the kernel, for full vectors."""
    _emit_copy_ends(context)
    _emit_rows(context)
    _emit_driver(context)
    return Kernel(DEPTHWISE_FLAT, "depthwise_flat")


def _emit_copy_ends(context: KernelContext) -> None:
    """A pixel of zeros and the first bytes of a row; in the next buffer its bytes from `tail` on, and zeros."""
    vector = Type("i8", 4 * context.tier.lanes)
    parameters = {"ends": PTR, "row": PTR, "zeros": PTR, "channels": I64, "tail": I64, "tail_bytes": I64}
    function = context.module.function("depthwise_copy_ends", parameters)
    left, row = function["ends"], function["row"]
    right = left.offset(ROW_END_VECTORS * vector.bytes)
    zeros = function["zeros"].load(vector)

    def fill(target: Value, count: int) -> None:
        for number in range(count):
            target.store(zeros, number * vector.bytes)

    def copy(target: Value, source: Value) -> None:
        for number in range(ROW_PART_VECTORS):
            target.store(source.load(vector, number * vector.bytes), number * vector.bytes)

    fill(left, ZERO_VECTORS)
    copy(left.offset(function["channels"]), row)
    copy(right, row.offset(function["tail"]))
    fill(right.offset(function["tail_bytes"]), ZERO_VECTORS)


_ROWS_PARAMETERS = {
    "operation": PTR,
    **{f"row{i}": PTR for i in range(FLAT_ROWS)},
    "ends": PTR,
    "tail": I64,
    "block": PTR,
    "output0": PTR,
    "output1": PTR,
    "first": I64,
}


def _emit_rows(context: KernelContext) -> None:
    """Two output rows: the runs of bytes from `first` on that have the same weights."""
    kind = DEPTHWISE_FLAT
    vector = Type("i8", 4 * context.tier.lanes)
    function = context.module.function("depthwise_flat_rows", _ROWS_PARAMETERS)
    operation = function["operation"]
    channels, pad_left = kind.read(operation, "channels"), kind.read(operation, "pad_left")
    output_bytes = kind.read(operation, "output_row_step")
    stage = OutputStage.of(context, kind, operation)
    block = DepthwiseBlock(context, function["block"], context.tier.lanes)
    outputs = [function["output0"], function["output1"]]
    before = pad_left * channels
    last_inside = kind.read(operation, "input_row_step") + before - channels * 2 - vector.bytes
    position = function.variable(function["first"])
    with function.loop(lambda: position.get().compare("slt", output_bytes), at_least_once=True):
        p = position.get()
        leaves_left, leaves_right = p.compare("slt", before), p.compare("sgt", last_inside)
        runs = []
        for number in range(FLAT_ROWS):
            left = function["ends"].offset(2 * number * ROW_END_VECTORS * vector.bytes)
            right = left.offset(ROW_END_VECTORS * vector.bytes).offset(function["tail"] * -1)
            row = leaves_left.select(left.offset(channels), function[f"row{number}"])
            runs.append(leaves_right.select(right, row).offset(p - before))
        columns = [interleave([run.load(vector, channels * kx) for run in runs]) for kx in range(3)]
        valid = function.minimum(output_bytes - p, function.value(vector.bytes, I64))

        def store(row: int, packed: Value, p: Value = p, valid: Value = valid) -> None:
            store_valid(context, outputs[row].offset(p), packed, valid)

        stage.finish_products(block.rows_of_sums(columns, 2), block.constants, store)
        position.set(p + kind.read(operation, "block_count") * vector.bytes)


def _emit_driver(context: KernelContext) -> None:
    """Pairs of output rows; rows outside of the image are the zero row."""
    kind = DEPTHWISE_FLAT
    vector = Type("i8", 4 * context.tier.lanes)
    function = context.module.function("depthwise_flat", KERNEL_PARAMETERS)
    operation = function["operation"]
    read = {name: kind.read(operation, name) for name in kind.fields}
    zero_row, scratch = kind.read(operation, "zero_row", PTR), kind.read(operation, "scratch", PTR)
    input_, output = kind.read(operation, "input", PTR), kind.read(operation, "output", PTR)
    blocks = kind.read(operation, "blocks", PTR)
    ends = kind.read(operation, "ends", PTR).offset(
        function["chunk"] * (FLAT_ROWS * 2 * ROW_END_VECTORS * vector.bytes)
    )
    row_bytes = read["input_row_step"]
    tail_bytes = function.minimum(row_bytes, function.value(ROW_PART_VECTORS * vector.bytes, I64))
    tail = row_bytes - tail_bytes
    first, end = chunk_range(function, (read["output_height"] + 1).lshr(1))
    with function.count(end, start=first) as pair:
        y = pair << 1
        rows = []
        for number in range(FLAT_ROWS):
            index = y - read["pad_top"] + number
            inside = index.compare("ult", read["height"])
            rows.append(inside.select(input_.offset(index * row_bytes), zero_row))
            own_ends = ends.offset(2 * number * ROW_END_VECTORS * vector.bytes)
            arguments = (own_ends, rows[-1], zero_row, read["channels"], tail, tail_bytes)
            function.call("depthwise_copy_ends", arguments)
        output0 = output.offset(y * read["output_row_step"])
        is_pair = (y + 1).compare("slt", read["output_height"])
        output1 = is_pair.select(output0.offset(read["output_row_step"]), scratch)
        # Runs of bytes that begin behind the end of a row have nothing to do.
        runs = (read["output_row_step"] + (vector.bytes - 1)).udiv(vector.bytes)
        with function.count(function.minimum(runs, read["block_count"])) as block:
            own_block = blocks.offset(block * read["block_step"])
            start = block * vector.bytes
            function.call("depthwise_flat_rows", (operation, *rows, ends, tail, own_block, output0, output1, start))
