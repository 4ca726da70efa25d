"""Sums and products of two tensors, element by element."""

from npu_hal_software.jit.ir import I32, PTR, Type, Value
from npu_hal_software.jit.kernel import KERNEL_PARAMETERS, Kernel, KernelContext, OutputStage, chunk_range
from npu_hal_software.jit.record import ADD, MULTIPLY, RecordKind

# Bits that the reference kernels shift operands of sums left by, before they rescale them.
ADD_LEFT_SHIFT = 20
# Constants of XNNPACK's sum: int32 words.
FIXED_POINT_WORDS = ("lhs_multiplier", "rhs_multiplier", "rounding", "shift")
# Vectors that are handled at a time, so that the packing instructions are used in full.
_VECTORS = 4


def emit_elementwise(context: KernelContext) -> list[Kernel]:
    """Generate sum (and difference) and product."""
    _emit_binary(context, ADD)
    _emit_binary(context, MULTIPLY)
    return [Kernel(ADD, "add"), Kernel(MULTIPLY, "multiply")]


def _emit_binary(context: KernelContext, kind: RecordKind) -> None:
    """Whole groups of vectors, also at the end: buffers have room behind their last element."""
    lanes = context.tier.lanes
    group = _VECTORS * lanes
    function = context.module.function(kind.name, KERNEL_PARAMETERS)
    operation = function["operation"]
    stage = OutputStage.of(context, kind, operation)
    constants, output = kind.read(operation, "constants", PTR), kind.read(operation, "output", PTR)
    in_fixed_point = kind is ADD and not context.requantiser.is_exact
    block = constants
    if kind is ADD and not in_fixed_point:
        block = constants.offset(context.requantiser.block_bytes(lanes))
    first, end = chunk_range(function, (kind.read(operation, "count") + (group - 1)).udiv(group))
    with function.count(end, start=first) as number:
        target = output.offset(number * group)
        results = []
        for index in range(_VECTORS):
            position = number * group + index * lanes
            lhs, rhs = (_load_operand(kind, operation, name, position, lanes) for name in ("lhs", "rhs"))
            if in_fixed_point:
                results.append(_fixed_point_sum(operation, constants, lhs, rhs))
            elif kind is ADD:
                results.append(_rescaled_sum(context, stage, operation, constants, lhs, rhs))
            else:
                results.append(lhs * rhs)

        def store(_: int, packed: Value, target: Value = target) -> None:
            target.store(_in_order(packed))

        if in_fixed_point:
            store(0, context.tier.pack(results, stage.zero_point, stage.low, stage.high))
        else:
            stage.requantise_and_store([results], [block] * _VECTORS, store)


def _in_order(packed: Value) -> Value:
    """Packed bytes in the order of the elements; see `tiers.channel_of_lane` for theirs."""
    words = packed.type.lanes // 4
    parts = words // 4
    order = [_VECTORS * part + vector for vector in range(_VECTORS) for part in range(parts)]
    return packed.bitcast(Type("i32", words)).shuffle(None, order).bitcast(packed.type)


def _load_operand(kind: RecordKind, operation: Value, name: str, position: Value, lanes: int) -> Value:
    """int32 lanes of an operand less its zero point."""
    stored = kind.read(operation, name, PTR).load(Type("i8", lanes), position).convert("zext", "i32")
    return stored - kind.read(operation, f"{name}_zero_point", I32).splat(lanes)


def _with_sign(operation: Value, name: str, value: Value) -> Value:
    sign = ADD.read(operation, f"{name}_sign", I32).splat(value.type.lanes)
    return (value ^ sign) - sign


def _rescaled_sum(
    context: KernelContext, stage: OutputStage, operation: Value, constants: Value, lhs: Value, rhs: Value
) -> Value:
    """The reference kernels' sum: operands are brought to twice the larger scale, with 20 more bits.

    `lhs` is the one of the larger scale, for which that is a shift.
    """
    shift = ADD.read(operation, "rhs_shift", I32).splat(rhs.type.lanes)
    scaled = context.requantiser.requantise(rhs << shift, constants, stage.high, clamps_negative=False)
    return _with_sign(operation, "lhs", lhs << (ADD_LEFT_SHIFT - 1)) + _with_sign(operation, "rhs", scaled)


def _fixed_point_sum(operation: Value, constants: Value, lhs: Value, rhs: Value) -> Value:
    """XNNPACK's sum: both operands times fixed-point multipliers of one common shift, rounded half up."""
    words = [constants.load(I32, 4 * i).splat(lhs.type.lanes) for i in range(len(FIXED_POINT_WORDS))]
    products = _with_sign(operation, "lhs", lhs * words[0]) + _with_sign(operation, "rhs", rhs * words[1])
    return (products + words[2]) >> words[3]
