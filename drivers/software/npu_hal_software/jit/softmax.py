"""Softmax of bytes in the fixed-point arithmetic of gemmlowp, as `reference.softmax` defines it."""

from npu_hal_software.jit.ir import I1, I8, I32, I64, PTR, Function, Type, Value
from npu_hal_software.jit.kernel import KERNEL_PARAMETERS, Kernel, KernelContext, chunk_range, store_valid
from npu_hal_software.jit.layout import INTEGER_BITS_OF_SUM
from npu_hal_software.jit.record import SOFTMAX

_OUTPUT_BITS = 8
# Bytes that are handled at a time; buffers may be read this far beyond their end.
_LANES = 16
_INT32_MAX, _INT32_MIN = (1 << 31) - 1, -(1 << 31)
# Newton and Raphson's first estimate of a reciprocal, with 2 integer bits: 48/17 - 32/17 x.
_FORTY_EIGHT_SEVENTEENTHS = 1515870810
_MINUS_THIRTY_TWO_SEVENTEENTHS = -1010580540
_ONE_WITH_2_INTEGER_BITS = 1 << 29


def emit_softmax(context: KernelContext) -> Kernel:
    """Rows of bytes; exponentials by table of the distance to the row's largest."""
    kind = SOFTMAX
    function = context.module.function("softmax", KERNEL_PARAMETERS)
    operation = function["operation"]
    input_, output = kind.read(operation, "input", PTR), kind.read(operation, "output", PTR)
    table = kind.read(operation, "table", PTR)
    scratch = kind.read(operation, "scratch", PTR).offset(function["chunk"] * kind.read(operation, "scratch_bytes"))
    depth = kind.read(operation, "depth")
    first, end = chunk_range(function, kind.read(operation, "rows"))
    bytes_, words = Type("i8", _LANES), Type("i32", _LANES)
    numbers = Value(function, words, "<" + ", ".join(f"i32 {lane}" for lane in range(_LANES)) + ">")
    with function.count(end, start=first) as row:
        source, target = input_.offset(row * depth), output.offset(row * depth)

        def inside(index: Value) -> Value:
            """The lanes that belong to the row, for bytes from `index` on."""
            return numbers.compare("slt", (depth - index).convert("trunc", "i32").splat(_LANES))

        largest = function.variable(function.value(0, bytes_))
        with function.count(depth, step=_LANES, at_least_once=True) as index:
            counted = inside(index).select(source.load(bytes_, index), function.value(0, bytes_))
            largest.set(function.minimum(largest.get(), counted, "umax"))
        top = function.intrinsic(f"llvm.vector.reduce.umax.{bytes_.mangled}", I8, (largest.get(),))
        tops = top.convert("zext", "i32").splat(_LANES)

        total = function.variable(function.value(0, words))
        with function.count(depth, step=_LANES, at_least_once=True) as index:
            distances = tops - source.load(bytes_, index).convert("zext", "i32")
            exponentials = _gather(table, distances, inside(index))
            scratch.store(exponentials, index << 2)
            # Not negative, so that half a unit more rounds as the reference does.
            total.set(total.get() + (exponentials + (1 << (INTEGER_BITS_OF_SUM - 1))).lshr(INTEGER_BITS_OF_SUM))
        sum_ = function.intrinsic(f"llvm.vector.reduce.add.{words.mangled}", I32, (total.get(),))
        scale, headroom = _reciprocal(function, sum_.convert("zext", "i64"))
        scales = scale.convert("trunc", "i32").splat(_LANES).convert("zext", "i64")
        shift = function.value(INTEGER_BITS_OF_SUM + 31 - _OUTPUT_BITS, I64) - headroom
        shifts, half = shift.splat(_LANES), ((function.value(1, I64) << shift) >> 1).splat(_LANES)
        with function.count(depth, step=_LANES, at_least_once=True) as index:
            # Neither factor is negative.
            share = (scratch.load(words, index << 2).convert("zext", "i64") * scales + (1 << 30)).lshr(31)
            steps = (share + half).lshr(shifts)
            stored = function.minimum(steps, function.value(255, steps.type), "umin").convert("trunc", "i8")
            valid = function.minimum(depth - index, function.value(_LANES, I64))
            store_valid(context, target.offset(index), stored, valid)
    return Kernel(SOFTMAX, "softmax")


def _gather(table: Value, indices: Value, mask: Value) -> Value:
    """int32 entries of a table where `mask` holds, else 0."""
    function, type_ = table.function, indices.type
    addresses = function.emit(type_.of("ptr"), f"getelementptr i32, {table}, {indices}")
    name = f"llvm.masked.gather.{type_.mangled}.{addresses.type.mangled}"
    return function.intrinsic(name, type_, (addresses, function.value(4, I32), mask, function.value(0, type_)))


def _reciprocal(function: Function, words: Value) -> tuple[Value, Value]:
    """The mantissa of 1 / words with 0 integer bits, and how far `words` was from filling 32 bits."""
    leading = function.intrinsic("llvm.ctlz.i64", I64, (words, Value(function, I1, "false")))
    headroom = leading - 32
    normalised = (words << headroom) & 0x7FFFFFFF
    half_denominator = (normalised + (1 << 31)) >> 1
    estimate = _multiply(half_denominator, function.value(_MINUS_THIRTY_TWO_SEVENTEENTHS, I64))
    estimate = estimate + _FORTY_EIGHT_SEVENTEENTHS
    for _ in range(3):
        product = _multiply(half_denominator, estimate)
        error = function.value(_ONE_WITH_2_INTEGER_BITS, I64) - product
        estimate = estimate + _saturating_shift(_multiply(estimate, error), 2)
    return _saturating_shift(estimate, 1), headroom


def _multiply(left: Value, right: Value) -> Value:
    """Rounding doubling high multiplication of int32 values in i64."""
    return (left * right + (1 << 30)) >> 31


def _saturating_shift(value: Value, bits: int) -> Value:
    function = value.function
    shifted = function.minimum(value << bits, function.value(_INT32_MAX, I64))
    return function.maximum(shifted, function.value(_INT32_MIN, I64))
