"""The index of the largest or smallest of a row of bytes."""

from collections.abc import Callable

from npu_hal_software.jit.ir import I16, PTR, Function, Type, Value
from npu_hal_software.jit.kernel import KERNEL_PARAMETERS, Kernel, KernelContext, chunk_range
from npu_hal_software.jit.record import ARG_EXTREMUM

# Bytes that are compared at a time; buffers may be read this far beyond their end.
_LANES = 16
# An index has the low byte of a 16-bit key.
LARGEST_DEPTH = 256


def emit_arg_extremum(context: KernelContext) -> Kernel:
    """The largest of 16-bit keys, each a byte and below it the distance of its index from 255.

    So the first of equal bytes has the largest key. For the smallest byte all are inverted.
    """
    kind = ARG_EXTREMUM
    function = context.module.function("arg_extremum", KERNEL_PARAMETERS)
    operation = function["operation"]
    input_, output = kind.read(operation, "input", PTR), kind.read(operation, "output", PTR)
    depth = kind.read(operation, "depth")
    mask = kind.read(operation, "mask", I16).splat(_LANES)
    is_long = kind.read(operation, "is_long").compare("ne", 0)
    keys = Type("i16", _LANES)
    lanes = _constants(function, keys, range(_LANES))
    descending = _constants(function, keys, range(LARGEST_DEPTH - 1, LARGEST_DEPTH - 1 - _LANES, -1))
    first, end = chunk_range(function, kind.read(operation, "rows"))
    with function.count(end, start=first) as row:
        source = input_.offset(row * depth)
        largest = function.variable(function.value(0, keys))
        with function.count(depth, step=_LANES, at_least_once=True) as start:
            stored = source.load(Type("i8", _LANES), start).convert("zext", "i16") ^ mask
            key = (stored << 8) + (descending - start.convert("trunc", "i16").splat(_LANES))
            rest = (depth - start).convert("trunc", "i16").splat(_LANES)
            # The key of the row's first byte is above 0, what lies behind its end never wins.
            counted = lanes.compare("slt", rest).select(key, function.value(0, keys))
            largest.set(function.minimum(largest.get(), counted, "umax"))
        best = function.intrinsic(f"llvm.vector.reduce.umax.{keys.mangled}", I16, (largest.get(),))
        index = (best & (LARGEST_DEPTH - 1)) ^ (LARGEST_DEPTH - 1)
        long, short = index.convert("zext", "i64"), index.convert("zext", "i32")
        function.choose(is_long, _storing(output, row << 3, long), _storing(output, row << 2, short))
    return Kernel(kind, "arg_extremum")


def _constants(function: Function, type_: Type, values: range) -> Value:
    return Value(function, type_, "<" + ", ".join(f"{type_.element} {value}" for value in values) + ">")


def _storing(output: Value, position: Value, index: Value) -> Callable[[], None]:
    return lambda: output.store(index, position)
