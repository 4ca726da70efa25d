"""Transposition: elements that follow each other in the input do not in the output, whose own come from far apart."""

from collections.abc import Sequence

from npu_hal_software.jit.ir import I64, PTR, Type, Value
from npu_hal_software.jit.kernel import KERNEL_PARAMETERS, Kernel, KernelContext, chunk_range
from npu_hal_software.jit.layout import ELEMENT_SIZES, TRANSPOSE_BLOCK
from npu_hal_software.jit.record import TRANSPOSE, TRANSPOSE_OUTER_AXES

_TILE = 16
_TILE_TYPE = Type("i8", _TILE)


def emit_transpose(context: KernelContext) -> Kernel:
    """Blocks of rows and columns; tiles of 16 by 16 where single bytes are moved and there are as many."""
    kind = TRANSPOSE
    _emit_byte_tiles(context)
    for size in ELEMENT_SIZES:
        _emit_elements(context, size)
    function = context.module.function("transpose", KERNEL_PARAMETERS)
    operation = function["operation"]
    rows, columns = kind.read(operation, "rows"), kind.read(operation, "columns")
    row_blocks, column_blocks = ((size + (TRANSPOSE_BLOCK - 1)).udiv(TRANSPOSE_BLOCK) for size in (rows, columns))
    element = kind.read(operation, "element")
    first, end = chunk_range(function, kind.read(operation, "outer") * column_blocks * row_blocks)
    with function.count(end, start=first) as item:
        rest, row_block = _divided(item, row_blocks)
        rest, column_block = _divided(rest, column_blocks)
        source, target = kind.read(operation, "input", PTR), kind.read(operation, "output", PTR)
        for axis in reversed(range(TRANSPOSE_OUTER_AXES)):
            rest, index = _divided(rest, kind.read(operation, f"size_{axis}"))
            source = source.offset(index * kind.read(operation, f"input_step_{axis}"))
            target = target.offset(index * kind.read(operation, f"output_step_{axis}"))
        row, column = row_block * TRANSPOSE_BLOCK, column_block * TRANSPOSE_BLOCK
        last_row, last_column = (
            function.minimum(start + TRANSPOSE_BLOCK, size) for start, size in ((row, rows), (column, columns))
        )
        arguments = (
            source, target, row, last_row, column, last_column,
            kind.read(operation, "row_step"), kind.read(operation, "column_step"), kind.read(operation, "mask"),
        )  # fmt: skip
        has_tiles = function.minimum(rows, columns).compare("sge", _TILE) & element.compare("eq", 1)

        def move_elements(arguments: Sequence[Value] = arguments) -> None:
            function.switch(element, {size: function.calling(_name(size), arguments) for size in ELEMENT_SIZES})

        function.choose(has_tiles, function.calling("transpose_byte_tiles", arguments), move_elements)
    return Kernel(kind, "transpose")


_BLOCK_PARAMETERS = {
    "source": PTR,
    "target": PTR,
    "row": I64,
    "last_row": I64,
    "column": I64,
    "last_column": I64,
    "row_step": I64,
    "column_step": I64,
    "mask": I64,
}


def _name(element_size: int) -> str:
    return f"transpose_elements_{element_size}"


def _divided(value: Value, size: Value) -> tuple[Value, Value]:
    return value.udiv(size), value.urem(size)


def _emit_elements(context: KernelContext, size: int) -> None:
    """One block, element by element."""
    function = context.module.function(_name(size), _BLOCK_PARAMETERS)
    type_ = Type(f"i{8 * size}")
    mask = function["mask"] if type_ == I64 else function["mask"].convert("trunc", type_.element)
    with function.count(function["last_row"], start=function["row"]) as row:
        source = function["source"].offset(row * function["row_step"])
        target = function["target"].offset(row * size)
        with function.count(function["last_column"], start=function["column"]) as column:
            value = source.load(type_, column * size)
            target.store(value ^ mask, column * function["column_step"])


def _emit_byte_tiles(context: KernelContext) -> None:
    """One block of bytes in tiles; the last tile of each direction overlaps the one before."""
    function = context.module.function("transpose_byte_tiles", _BLOCK_PARAMETERS)
    mask = function["mask"].convert("trunc", "i8").splat(_TILE)
    row_step, column_step = function["row_step"], function["column_step"]

    def starts(axis: str, position: Value) -> Value:
        return function.minimum(position, function[f"last_{axis}"] - _TILE)

    with (
        function.count(function["last_column"], step=_TILE, start=function["column"]) as any_column,
        function.count(function["last_row"], step=_TILE, start=function["row"]) as any_row,
    ):
        column, row = starts("column", any_column), starts("row", any_row)
        source = function["source"].offset(row * row_step + column)
        target = function["target"].offset(column * column_step + row)
        vectors = [source.load(_TILE_TYPE, row_step * i) for i in range(_TILE)]
        for i, vector in enumerate(_transposed(vectors)):
            target.store(vector ^ mask, column_step * i)


def _transposed(vectors: list[Value]) -> list[Value]:
    """The columns of a square matrix whose rows are given.

    Interleaving each row with the one half the matrix further on takes one bit from a lane's number to its row's; after
    as many rounds as these numbers have bits, they have changed places.
    """
    size = len(vectors)
    half = size // 2
    low = [lane + size * side for lane in range(half) for side in (0, 1)]
    high = [lane + half for lane in low]
    for _ in range(half.bit_length()):
        pairs = zip(vectors[:half], vectors[half:], strict=True)
        vectors = [first.shuffle(second, lanes) for first, second in pairs for lanes in (low, high)]
    return vectors
