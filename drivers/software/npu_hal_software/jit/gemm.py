"""Matrix products with fused requantisation: fully connected layers and convolutions of any kernel.

A convolution is run without im2col. Its weights are matrices of [channels, segments, depth]: a segment is a run of
contiguous input bytes that belong to one output position, such as a kernel row of ``kernel_width * channels`` bytes;
the offsets of the segments are the same for every position. Tiles have tables of segments of their own: where weights
do not fit int8, what is left of a few of them is added by short segments more. A tile is a few output positions (rows)
by a few vectors of output channels, whose accumulators stay in registers over the whole sum.
"""

from collections.abc import Callable
from functools import partial

from npu_hal_software.jit.ir import I32, I64, PTR, Function, Type, Value, Variable
from npu_hal_software.jit.kernel import (
    KERNEL_PARAMETERS,
    Kernel,
    KernelContext,
    OutputStage,
    chunk_range,
    store_valid,
)
from npu_hal_software.jit.layout import SEGMENT_BYTES, TILE_ENTRY, TILE_ENTRY_BYTES
from npu_hal_software.jit.record import GEMM

# In units of one row's products: see `next_rows`.
_LATENCY_ROWS = 2
_TILE_COST = 1.0

_TILE_PARAMETERS = {
    "operation": PTR,
    "input": PTR,
    "tile": PTR,
    "output": PTR,
    "row_sums": PTR,
    "valid": I64,
    "segments": PTR,
    "segment_count": I64,
}


def emit_gemm(context: KernelContext) -> Kernel:
    """Generate the kernel and all of its tiles."""
    for vectors, row_counts in context.tier.gemm_tiles.items():
        for rows in row_counts:
            _emit_tile(context, rows, vectors)
        _emit_column_of_tiles(context, vectors, row_counts)
    _emit_driver(context)
    return Kernel(GEMM, "gemm")


def _emit_tile(context: KernelContext, rows: int, vectors: int) -> None:
    """Products, requantisation and store of `rows` output positions by `vectors` vectors of channels."""
    tier, requantiser, lanes = context.tier, context.requantiser, context.tier.lanes
    vector = Type("i32", lanes)
    function = context.module.function(f"gemm_tile_{rows}x{vectors}", _TILE_PARAMETERS)
    operation, tile = function["operation"], function["tile"]
    block_bytes = requantiser.block_bytes(lanes)
    blocks = [tile.offset(j * block_bytes) for j in range(vectors)]
    biases = [requantiser.word(block, "bias", lanes) for block in blocks]
    accumulators = [[function.variable(bias) for bias in biases] for _ in range(rows)]

    step = GEMM.read(operation, "column_step")
    inputs = [function["input"].offset(step * row if row else 0) for row in range(rows)]
    weights = function.variable(tile.offset(vectors * block_bytes))
    with function.count(function["segment_count"], at_least_once=True) as number:
        segment = function["segments"].offset(number * SEGMENT_BYTES)
        start = segment.load(I64)
        with function.count(start + segment.load(I64, 8), step=4, start=start, at_least_once=True) as position:
            pointer = weights.get()
            prepared = [tier.prepare_weights(pointer.load(vector, j * vector.bytes)) for j in range(vectors)]
            for row in range(rows):
                words = inputs[row].load(I32, position).splat(lanes)
                activations = tier.prepare_activations(words)
                for j in range(vectors):
                    accumulator = accumulators[row][j]
                    accumulator.set(tier.dot(accumulator.get(), activations, prepared[j]))
            weights.set(pointer.offset(vectors * vector.bytes))

    row_sums = function["row_sums"]
    with function.when(row_sums.compare("ne", 0)):
        for row in range(rows):
            addend = row_sums.load(I32, 4 * row).splat(lanes)
            for accumulator in accumulators[row]:
                accumulator.set(accumulator.get() + addend)
    stage = OutputStage.of(context, GEMM, operation)
    output_step = GEMM.read(operation, "output_column_step")

    def store(row: int, packed: Value) -> None:
        target = function["output"].offset(output_step * row if row else 0)
        store_valid(context, target, packed, function["valid"])

    stage.finish_products([[accumulator.get() for accumulator in row] for row in accumulators], blocks, store)


def next_rows(remaining: int, row_counts: tuple[int, ...]) -> int:
    """Rows of the next tile when `remaining` are left: the first of the split that costs least.

    Heuristic: a tile costs its rows, but at least as many as hide the latency of its sums, and some for its own.
    """
    best = [0.0] + [float("inf")] * remaining
    first = [0] * (remaining + 1)
    for left in range(1, remaining + 1):
        for rows in row_counts:
            cost = best[left - rows] + max(rows, _LATENCY_ROWS) + _TILE_COST if rows <= left else float("inf")
            if cost < best[left]:
                best[left], first[left] = cost, rows
    return first[remaining]


def _emit_column_of_tiles(context: KernelContext, vectors: int, row_counts: tuple[int, ...]) -> None:
    """All positions of one tile of channels: as few tiles of rows as possible, and none of them tiny."""
    function = context.module.function(f"gemm_column_{vectors}", {**_TILE_PARAMETERS, "count": I64})
    operation = function["operation"]
    step = GEMM.read(operation, "column_step")
    output_step = GEMM.read(operation, "output_column_step")
    left = function.variable(function["count"])
    input_ = function.variable(function["input"])
    output = function.variable(function["output"])
    row_sums = function.variable(function["row_sums"])
    foreseen = 2 * max(row_counts)

    def emit_case(rows: int) -> None:
        current = (input_.get(), function["tile"], output.get(), row_sums.get())
        fixed = (function["valid"], function["segments"], function["segment_count"])
        function.call(f"gemm_tile_{rows}x{vectors}", (operation, *current, *fixed))
        left.set(left.get() - rows)
        input_.set(input_.get().offset(step * rows))
        output.set(output.get().offset(output_step * rows))
        sums = row_sums.get()
        row_sums.set(sums.compare("eq", 0).select(sums, sums.offset(4 * rows)))

    with function.loop(lambda: left.get().compare("sgt", 0)):
        remaining = function.minimum(left.get(), function.value(foreseen, I64))
        plan = {n: next_rows(n, row_counts) for n in range(1, foreseen + 1)}
        rows = function.variable(function.value(0, I64))
        function.switch(remaining, {n: _assign(function, rows, plan[n]) for n in plan})
        function.switch(rows.get(), {n: partial(emit_case, n) for n in row_counts})


def _assign(function: Function, variable: Variable, value: int) -> Callable[[], None]:
    return lambda: variable.set(function.value(value, I64))


def _emit_driver(context: KernelContext) -> None:
    function = context.module.function("gemm", KERNEL_PARAMETERS)
    operation = function["operation"]
    read = {name: GEMM.read(operation, name) for name in GEMM.fields}
    zero = function.value(0, I64)
    one_row = read["rows"].compare("eq", 1)
    by_tiles = read["split_tiles"].compare("ne", 0)

    def bounds(name: str, condition: Value) -> tuple[Value, Value]:
        first, end = chunk_range(function, read[name])
        return condition.select(first, zero), condition.select(end, read[name])

    by_rows = (by_tiles | one_row) ^ 1
    by_columns = (by_tiles ^ 1) & one_row
    first_tile, end_tile = bounds("tile_count", by_tiles)
    first_row, end_row = bounds("rows", by_rows)
    first_column, end_column = bounds("columns", by_columns)
    input_ = GEMM.read(operation, "input", PTR)
    output = GEMM.read(operation, "output", PTR)
    row_sums = GEMM.read(operation, "row_sums", PTR)
    column = function.variable(first_column)
    with function.count(end_row, start=first_row) as row:
        column.set(first_column)
        with function.loop(lambda: column.get().compare("slt", end_column)):
            start = column.get()
            count = function.minimum(end_column - start, read["block"])
            source = input_.offset(row * read["row_step"] + start * read["column_step"])
            position = row * read["output_row_step"] + start * read["output_column_step"]
            target = output.offset(position)
            sums = row_sums.offset((row * read["columns"] + start) << 2)
            sums = row_sums.compare("eq", 0).select(row_sums, sums)
            with function.count(end_tile, start=first_tile) as tile:
                entry = GEMM.read(operation, "tiles", PTR).offset(tile * TILE_ENTRY_BYTES)
                types = {"address": PTR, "segments": PTR}
                tile_of = {name: entry.load(types.get(name, I64), 8 * slot) for slot, name in enumerate(TILE_ENTRY)}
                arguments = (
                    operation,
                    source,
                    tile_of["address"],
                    target.offset(tile_of["first_channel"]),
                    sums,
                    tile_of["channels"],
                    tile_of["segments"],
                    tile_of["segment_count"],
                    count,
                )
                columns = {n: function.calling(f"gemm_column_{n}", arguments) for n in context.tier.gemm_tiles}
                function.switch(tile_of["vectors"], columns)
            column.set(start + count)
