"""Functions of one byte by a table of 256, and softmax by a table of exponentials."""

from npu_hal_software.jit.ir import F32, I8, I32, I64, PTR, Type, Value
from npu_hal_software.jit.kernel import KERNEL_PARAMETERS, Kernel, KernelContext, chunk_range
from npu_hal_software.jit.record import LOOKUP, SOFTMAX

# Bytes that are looked up per round of the loop, to hide its overhead.
_UNROLL = 8


def emit_lookup_table(context: KernelContext) -> list[Kernel]:
    """Generate table look-up and softmax."""
    _emit_lookup(context)
    _emit_softmax(context)
    return [Kernel(LOOKUP, "lookup"), Kernel(SOFTMAX, "softmax")]


def _emit_lookup(context: KernelContext) -> None:
    kind = LOOKUP
    function = context.module.function("lookup", KERNEL_PARAMETERS)
    operation = function["operation"]
    input_, output, table = (kind.read(operation, name, PTR) for name in ("input", "output", "table"))
    first, end = chunk_range(function, kind.read(operation, "count"))

    def look_up(index: Value) -> None:
        output.store(table.load(I8, input_.load(I8, index).convert("zext", "i64")), index)

    whole = first + (((end - first).lshr(3)) << 3)
    with function.count(whole, step=_UNROLL, start=first) as index:
        for i in range(_UNROLL):
            look_up(index + i)
    with function.count(end, start=whole) as index:
        look_up(index)


def _emit_softmax(context: KernelContext) -> None:
    """Rows of bytes: exponentials by table of the distance to the largest, summed in order in single precision."""
    kind = SOFTMAX
    function = context.module.function("softmax", KERNEL_PARAMETERS)
    operation = function["operation"]
    input_, output, table = (kind.read(operation, name, PTR) for name in ("input", "output", "table"))
    depth = kind.read(operation, "depth")
    scale = kind.read(operation, "scale", F32)
    offset, low, high = (kind.read(operation, name, I32) for name in ("offset", "low", "high"))
    first, end = chunk_range(function, kind.read(operation, "rows"))
    with function.count(end, start=first) as row:
        source, target = input_.offset(row * depth), output.offset(row * depth)

        def stored(index: Value, source: Value = source) -> Value:
            return source.load(I8, index).convert("zext", "i64")

        largest = function.variable(function.value(0, I64))
        with function.count(depth) as index:
            largest.set(function.maximum(largest.get(), stored(index)))
        # Entry 255 of the table is exp(0).
        shifted = table.offset((function.value(255, I64) - largest.get()) << 2)
        total = function.variable(function.value(0.0, F32))
        with function.count(depth) as index:
            total.set(total.get().fadd(shifted.load(F32, stored(index) << 2)))
        inverse = function.value(1.0, F32).fdiv(total.get().fmul(scale))
        with function.count(depth) as index:
            probability = shifted.load(F32, stored(index) << 2).fmul(inverse)
            rounded = _round_half_away(probability).convert("fptosi", "i32") + offset
            clamped = function.minimum(function.maximum(rounded, low), high)
            target.store(clamped.convert("trunc", "i8"), index)


def _round_half_away(value: Value) -> Value:
    """std::round of a float that is not negative and small: the sum in double precision is exact."""
    wide = value.function.emit(Type("double"), f"fpext {value} to double")
    return wide.fadd(0.5)
