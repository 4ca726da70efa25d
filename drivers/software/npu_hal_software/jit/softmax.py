"""Softmax of bytes in the fixed-point arithmetic of gemmlowp, as `reference.softmax` defines it."""

from npu_hal_software.jit.ir import I1, I8, I32, I64, PTR, Function, Value
from npu_hal_software.jit.kernel import KERNEL_PARAMETERS, Kernel, KernelContext, chunk_range
from npu_hal_software.jit.layout import INTEGER_BITS_OF_SUM
from npu_hal_software.jit.record import SOFTMAX

_OUTPUT_BITS = 8
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
    table, sum_table = kind.read(operation, "table", PTR), kind.read(operation, "sum_table", PTR)
    depth = kind.read(operation, "depth")
    first, end = chunk_range(function, kind.read(operation, "rows"))
    zero = function.value(0, I64)
    with function.count(end, start=first) as row:
        source, target = input_.offset(row * depth), output.offset(row * depth)
        largest = function.variable(zero)
        with function.count(depth) as index:
            largest.set(function.maximum(largest.get(), source.load(I8, index).convert("zext", "i64")))

        def below_largest(index: Value, source: Value = source) -> Value:
            return (largest.get() - source.load(I8, index).convert("zext", "i64")) << 2

        total = function.variable(zero)
        with function.count(depth) as index:
            total.set(total.get() + sum_table.load(I32, below_largest(index)).convert("sext", "i64"))
        scale, headroom = _reciprocal(function, total.get() & 0xFFFFFFFF)
        shift = function.value(INTEGER_BITS_OF_SUM + 31 - _OUTPUT_BITS, I64) - headroom
        half = (function.value(1, I64) << shift) >> 1
        with function.count(depth) as index:
            share = _multiply(table.load(I32, below_largest(index)).convert("sext", "i64"), scale)
            steps = function.minimum((share + half) >> shift, function.value(255, I64))
            target.store(steps.convert("trunc", "i8"), index)
    return Kernel(SOFTMAX, "softmax")


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
