"""Sums and products of two tensors, element by element."""

from npu_hal_software.jit.ir import I32, I64, PTR, Type, Value
from npu_hal_software.jit.kernel import KERNEL_PARAMETERS, Kernel, KernelContext, OutputStage, chunk_range, storing_to
from npu_hal_software.jit.record import ADD, MULTIPLY, RecordKind
from npu_hal_software.jit.requantise import ExactRequantiser

# Bits that the reference kernels shift operands of sums left by, before they rescale them.
ADD_LEFT_SHIFT = 20
# Constants of XNNPACK's sum: int32 words.
FIXED_POINT_WORDS = ("lhs_multiplier", "rhs_multiplier", "rounding", "shift")


def emit_elementwise(context: KernelContext) -> list[Kernel]:
    """Generate sum (and difference) and product."""
    _emit_binary(context, ADD)
    _emit_binary(context, MULTIPLY)
    return [Kernel(ADD, "add"), Kernel(MULTIPLY, "multiply")]


def _emit_binary(context: KernelContext, kind: RecordKind) -> None:
    """Whole vectors, also at the end: buffers have room behind their last element."""
    lanes = context.tier.lanes
    function = context.module.function(kind.name, KERNEL_PARAMETERS)
    operation = function["operation"]
    stage = OutputStage.of(context, kind, operation)
    constants = kind.read(operation, "constants", PTR)
    output = kind.read(operation, "output", PTR)
    negate = kind.read(operation, "negate", I32).splat(lanes)
    vectors = (kind.read(operation, "count") + (lanes - 1)).udiv(lanes)
    first, end = chunk_range(function, vectors)
    with function.count(end, start=first) as number:
        position = number * lanes
        lhs, rhs = (_load_operand(kind, operation, name, position, lanes) for name in ("lhs", "rhs"))
        target = output.offset(position)
        if kind is ADD and not isinstance(context.requantiser, ExactRequantiser):
            total = _fixed_point_sum(constants, lhs, (rhs ^ negate) - negate)
            target.store(context.tier.pack([total], stage.zero_point, stage.low, stage.high))
        else:
            block = constants
            accumulator = lhs * rhs
            if kind is ADD:
                accumulator, block = _rescaled_sum(context, stage, constants, lhs, rhs, negate)
            shifted = stage.shift_left([accumulator], [block])
            stage.requantise_and_store([shifted], [block], storing_to(target))


def _load_operand(kind: RecordKind, operation: Value, name: str, position: Value, lanes: int) -> Value:
    """int32 lanes of an operand less its zero point."""
    address = kind.read(operation, name, PTR)
    step = kind.read(operation, f"{name}_step", I64)
    stored = address.load(Type("i8", lanes), position * step).convert("zext", "i32")
    return stored - kind.read(operation, f"{name}_zero_point", I32).splat(lanes)


def _rescaled_sum(
    context: KernelContext, stage: OutputStage, constants: Value, lhs: Value, rhs: Value, negate: Value
) -> tuple[Value, Value]:
    """The reference kernels' sum: each operand is rescaled to a common scale, and the sum to the output's."""
    requantiser = context.requantiser
    size = requantiser.block_bytes(lhs.type.lanes)
    blocks = [constants.offset(i * size) for i in range(3)]
    scaled = []
    for value, block in zip((lhs, rhs), blocks[:2], strict=True):
        shifted = requantiser.shift_left(value << ADD_LEFT_SHIFT, block)
        scaled.append(requantiser.requantise(shifted, block, stage.high, clamps_negative=False))
    return scaled[0] + ((scaled[1] ^ negate) - negate), blocks[2]


def _fixed_point_sum(constants: Value, lhs: Value, rhs: Value) -> Value:
    """XNNPACK's sum: both operands times fixed-point multipliers of one common shift, rounded half up."""
    lanes = lhs.type.lanes
    words = [constants.load(I32, 4 * i).splat(lanes) for i in range(len(FIXED_POINT_WORDS))]
    return (lhs * words[0] + rhs * words[1] + words[2]) >> words[3]
