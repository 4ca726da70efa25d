"""Resizing of images: bilinear interpolation, and the gathering of nearest neighbours."""

from npu_hal_software.jit.ir import F32, I8, I32, I64, PTR, Type, Value
from npu_hal_software.jit.kernel import KERNEL_PARAMETERS, Kernel, KernelContext, chunk_range, store_valid
from npu_hal_software.jit.record import GATHER, RESIZE_BILINEAR

# Neighbours of an output index along an axis: byte offsets of the lower and the upper one (int64 each), and 1 less the
# fraction and the fraction (float or int32 each).
NEIGHBOUR_BYTES = 24
FRACTION_BITS = 10
XNNPACK_FRACTION_BITS = 11
# Channels that are handled at a time; buffers may be read this far beyond their end.
_LANES = 16


def emit_resize(context: KernelContext) -> list[Kernel]:
    """Generate both kernels."""
    _emit_bilinear(context)
    _emit_gather(context)
    return [Kernel(RESIZE_BILINEAR, "resize_bilinear"), Kernel(GATHER, "gather")]


def _emit_bilinear(context: KernelContext) -> None:
    kind = RESIZE_BILINEAR
    function = context.module.function("resize_bilinear", KERNEL_PARAMETERS)
    operation = function["operation"]
    read = {name: kind.read(operation, name) for name in kind.fields}
    input_, output = kind.read(operation, "input", PTR), kind.read(operation, "output", PTR)
    rows, columns = kind.read(operation, "rows", PTR), kind.read(operation, "columns", PTR)
    offset = kind.read(operation, "offset", I32).splat(_LANES)
    first, end = chunk_range(function, read["output_height"])
    with function.count(end, start=first) as y, function.count(read["output_width"]) as x:
        row, column = rows.offset(y * NEIGHBOUR_BYTES), columns.offset(x * NEIGHBOUR_BYTES)
        target = output.offset((y * read["output_width"] + x) * read["channels"])
        with function.count(read["channels"], step=_LANES) as channel:
            corners = []
            for slot in (0, 1):
                line = input_.offset(row.load(I64, 8 * slot) + channel)
                for side in (0, 1):
                    stored = line.load(Type("i8", _LANES), column.load(I64, 8 * side)).convert("zext", "i32")
                    corners.append(stored - offset)
            result = function.uninitialised(Type("i32", _LANES))

            def in_floats(corners: list[Value] = corners, row: Value = row, column: Value = column) -> None:
                total = _weighted_floats(corners, row, column)
                result.set(total.convert("fptosi", "i32"))

            def in_integers(corners: list[Value] = corners, row: Value = row, column: Value = column) -> None:
                result.set(_weighted_integers(corners, row, column))

            if context.requantiser.is_exact:
                function.choose(read["in_floats"].compare("ne", 0), in_floats, in_integers)
            else:
                result.set(_weighted_as_xnnpack(corners, row, column))
            packed = (result.get() + offset).convert("trunc", "i8")
            valid = function.minimum(read["channels"] - channel, function.value(_LANES, I64))
            store_valid(context, target.offset(channel), packed, valid)


def _weighted_floats(corners: list[Value], row: Value, column: Value) -> Value:
    """Products from left to right and their sum in the reference's order, plus a half."""
    upper_left, upper_right, lower_left, lower_right = (corner.convert("sitofp", "float") for corner in corners)
    stay_y, down = (row.load(F32, 16 + 4 * i).splat(_LANES) for i in (0, 1))
    stay_x, across = (column.load(F32, 16 + 4 * i).splat(_LANES) for i in (0, 1))
    total = upper_left.fmul(stay_y).fmul(stay_x)
    total = total.fadd(lower_left.fmul(down).fmul(stay_x))
    total = total.fadd(upper_right.fmul(stay_y).fmul(across))
    total = total.fadd(lower_right.fmul(down).fmul(across))
    return total.fadd(0.5)


def _weighted_integers(corners: list[Value], row: Value, column: Value) -> Value:
    """The exact sum with 20 fraction bits, rounded half away from zero."""
    total = _weighted_sum(corners, row, column)
    sign = total >> 31
    magnitude = ((total ^ sign) - sign + (1 << (2 * FRACTION_BITS - 1))) >> (2 * FRACTION_BITS)
    return (magnitude ^ sign) - sign


def _weighted_as_xnnpack(corners: list[Value], row: Value, column: Value) -> Value:
    """The exact sum with 22 fraction bits, rounded half up."""
    bits = 2 * XNNPACK_FRACTION_BITS
    return (_weighted_sum(corners, row, column) + (1 << (bits - 1))) >> bits


def _weighted_sum(corners: list[Value], row: Value, column: Value) -> Value:
    stay_y, down = (row.load(I32, 16 + 4 * i).splat(_LANES) for i in (0, 1))
    stay_x, across = (column.load(I32, 16 + 4 * i).splat(_LANES) for i in (0, 1))
    upper_left, upper_right, lower_left, lower_right = corners
    total = (upper_left * stay_x + upper_right * across) * stay_y
    return total + (lower_left * stay_x + lower_right * across) * down


def _emit_gather(context: KernelContext) -> None:
    """Runs of bytes from tabulated rows and columns, one after the other."""
    kind = GATHER
    function = context.module.function("gather", KERNEL_PARAMETERS)
    operation = function["operation"]
    input_, output = kind.read(operation, "input", PTR), kind.read(operation, "output", PTR)
    row_offsets = kind.read(operation, "row_offsets", PTR)
    column_offsets = kind.read(operation, "column_offsets", PTR)
    columns, count = kind.read(operation, "columns"), kind.read(operation, "bytes")
    mask = kind.read(operation, "mask", I8)
    first, end = chunk_range(function, kind.read(operation, "rows"))
    with function.count(end, start=first) as row, function.count(columns) as column:
        start = row_offsets.load(I64, row << 3) + column_offsets.load(I64, column << 3)
        target = output.offset((row * columns + column) * count)
        function.call("copy_bytes", (target, input_.offset(start), count, mask))
