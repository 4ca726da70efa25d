"""Functions of one byte by a table of 256."""

from npu_hal_software.jit.ir import I8, PTR, Value
from npu_hal_software.jit.kernel import KERNEL_PARAMETERS, Kernel, KernelContext, chunk_range
from npu_hal_software.jit.record import LOOKUP

# Bytes that are looked up per round of the loop, to hide its overhead.
_UNROLL = 8


def emit_lookup_table(context: KernelContext) -> Kernel:
    """Generate the table look-up."""
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
    return Kernel(LOOKUP, "lookup")
