"""The smaller or larger of two tensors of bytes, element by element."""

from npu_hal_software.jit.ir import PTR, Type
from npu_hal_software.jit.kernel import KERNEL_PARAMETERS, Kernel, KernelContext, chunk_range
from npu_hal_software.jit.record import EXTREMUM

# Bytes that are compared at a time; buffers have room for as many behind their last element.
LANES = 32


def emit_extremum(context: KernelContext) -> Kernel:
    """Whole vectors, also at the end."""
    kind = EXTREMUM
    function = context.module.function("extremum", KERNEL_PARAMETERS)
    operation = function["operation"]
    lhs, rhs, output = (kind.read(operation, name, PTR) for name in ("lhs", "rhs", "output"))
    rhs_step = kind.read(operation, "rhs_step")
    is_maximum = kind.read(operation, "is_maximum").compare("ne", 0).splat(LANES)
    vectors = (kind.read(operation, "count") + (LANES - 1)).udiv(LANES)
    first, end = chunk_range(function, vectors)
    with function.count(end * LANES, step=LANES, start=first * LANES) as index:
        left = lhs.load(Type("i8", LANES), index)
        right = rhs.load(Type("i8", LANES), index * rhs_step)
        smaller, larger = function.minimum(left, right, "umin"), function.minimum(left, right, "umax")
        output.store(is_maximum.select(larger, smaller), index)
    return Kernel(kind, "extremum")
