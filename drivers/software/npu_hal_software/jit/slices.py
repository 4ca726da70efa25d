"""Slices of a tensor at computed indices."""

from npu_hal_software.jit.ir import I8, I32, I64, PTR, Function, Value
from npu_hal_software.jit.kernel import KERNEL_PARAMETERS, Kernel, KernelContext, chunk_range
from npu_hal_software.jit.record import LOOK_UP_SLICES, LOOK_UP_SLICES_DEPTH


def emit_look_up_slices(context: KernelContext) -> Kernel:
    """Copies of the slices whose indices are inside; if others are not, a function is told."""
    kind = LOOK_UP_SLICES
    function = context.module.function("look_up_slices", KERNEL_PARAMETERS)
    operation = function["operation"]
    rows, count = kind.read(operation, "rows"), kind.read(operation, "bytes")
    is_refused = function.variable(function.value(0, I64))
    first, end = chunk_range(function, kind.read(operation, "blocks") * rows)
    with function.count(end, start=first) as number:
        offset = function.variable(number.udiv(rows) * kind.read(operation, "block_step"))
        is_inside = function.variable(function.value(1, I64))
        row = number.urem(rows)
        for axis in range(LOOK_UP_SLICES_DEPTH):
            with function.when(kind.read(operation, "depth").compare("sgt", axis)):
                index = _index(function, operation, row, axis)
                inside = index.compare("ult", kind.read(operation, f"size_{axis}")).convert("zext", "i64")
                is_inside.set(is_inside.get() & inside)
                offset.set(offset.get() + index * kind.read(operation, f"step_{axis}"))

        source = kind.read(operation, "input", PTR).offset(offset.get())
        target = kind.read(operation, "output", PTR).offset(number * count)

        def copy(source: Value = source, target: Value = target) -> None:
            function.call("copy_bytes", (target, source, count, function.value(0, I8)))

        def refuse() -> None:
            is_refused.set(function.value(1, I64))

        function.choose(is_inside.get().compare("ne", 0), copy, refuse)
    with function.when(is_refused.get().compare("ne", 0)):
        function.statement(f"call void {kind.read(operation, 'refusal', PTR).text}(i64 0)")
    return Kernel(kind, "look_up_slices")


def _index(function: Function, operation: Value, row: Value, axis: int) -> Value:
    """One index of a row; no byte beyond it is read."""
    kind = LOOK_UP_SLICES
    size = kind.read(operation, "index_bytes")
    address = kind.read(operation, "indices", PTR).offset((row * kind.read(operation, "depth") + axis) * size)
    index = function.variable(function.value(0, I64))

    def read_short() -> None:
        index.set(address.load(I32).convert("sext", "i64"))

    def read_long() -> None:
        index.set(address.load(I64))

    function.choose(size.compare("eq", 4), read_short, read_long)
    return index.get()
