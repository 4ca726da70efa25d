"""The index of the largest or smallest of a row of bytes."""

from collections.abc import Callable

from npu_hal_software.jit.ir import I16, I32, I64, PTR, Function, Type, Value
from npu_hal_software.jit.kernel import KERNEL_PARAMETERS, Kernel, KernelContext, chunk_range
from npu_hal_software.jit.record import ARG_EXTREMUM

# Bytes that are compared at a time; buffers may be read this far beyond their end.
_LANES = 16
# Bytes whose indices have room in the low byte of a 16-bit key.
_PART = 256


def emit_arg_extremum(context: KernelContext) -> Kernel:
    """The largest of 16-bit keys, each a byte and below it the distance of its index from 255.

    So the first of equal bytes has the largest key. For the smallest byte all are inverted. Rows are taken in parts
    whose indices fit the keys; a part counts if it has a larger byte than those before.
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
    descending = _constants(function, keys, range(_PART - 1, _PART - 1 - _LANES, -1))
    first, end = chunk_range(function, kind.read(operation, "rows"))
    with function.count(end, start=first) as row:
        largest_byte = function.variable(function.value(-1, I32))
        found = function.variable(function.value(0, I64))
        with function.count(depth, step=_PART, at_least_once=True) as part:
            source = input_.offset(row * depth + part)
            count = function.minimum(depth - part, function.value(_PART, I64))
            largest = function.variable(function.value(0, keys))
            with function.count(count, step=_LANES, at_least_once=True) as start:
                stored = source.load(Type("i8", _LANES), start).convert("zext", "i16") ^ mask
                key = (stored << 8) + (descending - start.convert("trunc", "i16").splat(_LANES))
                rest = (count - start).convert("trunc", "i16").splat(_LANES)
                # The key of the part's first byte is above 0, what lies behind its end never wins.
                counted = lanes.compare("slt", rest).select(key, function.value(0, keys))
                largest.set(function.minimum(largest.get(), counted, "umax"))
            best = function.intrinsic(f"llvm.vector.reduce.umax.{keys.mangled}", I16, (largest.get(),))
            byte = best.lshr(8).convert("zext", "i32")
            with function.when(byte.compare("sgt", largest_byte.get())):
                largest_byte.set(byte)
                found.set(part + ((best & (_PART - 1)) ^ (_PART - 1)).convert("zext", "i64"))
        index = found.get()
        short = index.convert("trunc", "i32")
        function.choose(is_long, _storing(output, row << 3, index), _storing(output, row << 2, short))
    return Kernel(kind, "arg_extremum")


def _constants(function: Function, type_: Type, values: range) -> Value:
    return Value(function, type_, "<" + ", ".join(f"{type_.element} {value}" for value in values) + ">")


def _storing(output: Value, position: Value, index: Value) -> Callable[[], None]:
    return lambda: output.store(index, position)
