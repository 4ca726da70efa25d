"""ADD, SUB and MUL of 8-bit tensors."""

import math

import numpy as np
from numpy.typing import NDArray

from npu_hal.api import Add, Mul, Sub, Tensor
from npu_hal_software.jit.elementwise import ADD_LEFT_SHIFT
from npu_hal_software.jit.lowering.activation_range import requantisation_fields
from npu_hal_software.jit.packing.requantisation import Multipliers, blocks_of, constant_words
from npu_hal_software.jit.program import Address, Program, contiguous_steps, position_chunks, stored_zero_point
from npu_hal_software.jit.record import ADD, COPY, MULTIPLY

# The reference kernels' limit of copied axes; broadcasts of more axes are computed by numpy.
MAX_BROADCAST_AXES = 4
# Ratios of the operands' scales to the output's that XNNPACK's quantised sums are defined for: from the first number to
# below the second; see its xnn_create_add_nd_qs8. So products of differences and multipliers stay in int32.
XNNPACK_RATIOS = (2.0**-10, 2.0**8)
# The same for the product of the operands' scales; see its xnn_create_multiply_nd_qs8.
XNNPACK_PRODUCT_RATIOS = (2.0**-16, 2.0**8)


def lower_arithmetic(program: Program, operation: Add | Sub | Mul) -> bool:
    """Operands that broadcast are expanded first. The kernel of sums wants the operand of the larger scale first."""
    if program.tensor(operation.output).rank > MAX_BROADCAST_AXES:
        return False
    if program.rounding == "xnnpack" and not _xnnpack_takes(program, operation):
        return False
    first, second = operation.lhs, operation.rhs
    signs = (0, -1 if isinstance(operation, Sub) else 0)
    if program.tensor(first).affine().scale < program.tensor(second).affine().scale:
        first, second = second, first
        signs = signs[::-1]
    lhs, rhs, output = (program.tensor(index) for index in (first, second, operation.output))
    sum_fields: dict[str, int] = {}
    multipliers: Multipliers | None = None
    if isinstance(operation, Mul):
        words, multipliers = _product_constants(program, lhs, rhs, output)
    else:
        sum_fields = {"lhs_sign": signs[0], "rhs_sign": signs[1]}
        if program.rounding == "xnnpack":
            words = _fixed_point_constants(lhs, rhs, output)
        else:
            words, multipliers, sum_fields["rhs_shift"] = _sum_constants(program, lhs, rhs, output)
    program.emit(
        MULTIPLY if isinstance(operation, Mul) else ADD,
        position_chunks(program, output.size // 8, output.size // (4 * program.tier.lanes)),
        **requantisation_fields(output, operation.activation, multipliers, program.rounding),
        **sum_fields,
        lhs=_expanded(program, first, output),
        rhs=_expanded(program, second, output),
        output=program.output(operation.output),
        count=output.size,
        constants=program.constant(words),
        lhs_zero_point=stored_zero_point(lhs),
        rhs_zero_point=stored_zero_point(rhs),
    )
    return True


def _xnnpack_takes(program: Program, operation: Add | Sub | Mul) -> bool:
    """Whether XNNPACK takes the scales; what it leaves, TensorFlow Lite's own kernels compute."""
    scale_z = np.float32(program.tensor(operation.output).affine().scale)
    scales = [np.float32(program.tensor(index).affine().scale) for index in operation.inputs]
    with np.errstate(over="ignore", under="ignore"):
        if isinstance(operation, Mul):
            low, high = XNNPACK_PRODUCT_RATIOS
            return bool(low <= scales[0] * scales[1] / scale_z < high)
        low, high = XNNPACK_RATIOS
        return all(low <= scale / scale_z < high for scale in scales)


def _lane_words(program: Program, real: float) -> tuple[NDArray[np.int32], Multipliers]:
    lanes = program.tier.lanes
    multipliers = Multipliers.of(np.full(lanes, real))
    words = constant_words(np.zeros(lanes, np.int32), multipliers, program.rounding)
    return blocks_of(words, lanes), multipliers


def _sum_constants(
    program: Program, lhs: Tensor, rhs: Tensor, output: Tensor
) -> tuple[NDArray[np.int32], Multipliers, int]:
    """TensorFlow Lite's: both inputs to twice the larger input scale, shifted left, then to the output's scale.

    Returns the blocks of rhs and of the result, the result's multipliers, and the shift of rhs.
    """
    scale_x, scale_y, scale_z = (float(np.float32(tensor.affine().scale)) for tensor in (lhs, rhs, output))
    rhs_block, rhs_multipliers = _lane_words(program, scale_y / (2 * scale_x))
    block, multipliers = _lane_words(program, 2 * scale_x / ((1 << ADD_LEFT_SHIFT) * scale_z))
    # A factor of 1/2 wants one bit more; bytes have room for that.
    shift = ADD_LEFT_SHIFT + int(rhs_multipliers.shifts_left)
    return np.concatenate([rhs_block, block]), multipliers, shift


def _fixed_point_constants(lhs: Tensor, rhs: Tensor, output: Tensor) -> NDArray[np.int32]:
    """XNNPACK's: scale ratios as integers of about 21 bits with a common shift."""
    scale_y = np.float32(output.affine().scale)
    ratios = [float(np.float32(tensor.affine().scale) / scale_y) for tensor in (lhs, rhs)]
    shift = 20 - (math.frexp(max(ratios))[1] - 1)
    lhs_multiplier, rhs_multiplier = (int(np.rint(math.ldexp(ratio, shift))) for ratio in ratios)
    return np.array([lhs_multiplier, rhs_multiplier, 1 << (shift - 1), shift], np.int32)


def _product_constants(
    program: Program, lhs: Tensor, rhs: Tensor, output: Tensor
) -> tuple[NDArray[np.int32], Multipliers]:
    """TensorFlow Lite's: the product of the scales by the output's, in single precision."""
    scale = np.float32(lhs.affine().scale) * np.float32(rhs.affine().scale) / np.float32(output.affine().scale)
    return _lane_words(program, float(scale))


def _expanded(program: Program, index: int, output: Tensor) -> Address | int:
    """A tensor's stored bytes, broadcast to the output's shape."""
    tensor = program.tensor(index)
    source = program.stored(index)
    if tensor.size == output.size:
        return source
    if tensor.data is not None:
        offset = 128 if tensor.dtype.value == "int8" else 0
        stored = (tensor.constant().astype(np.int16) + offset).astype(np.uint8)
        return program.constant(np.broadcast_to(stored, output.shape))
    shape = (1,) * (len(output.shape) - len(tensor.shape)) + tensor.shape
    steps = [0 if size == 1 else step for size, step in zip(shape, contiguous_steps(shape, 1), strict=True)]
    output_steps = contiguous_steps(output.shape, 1)
    count = 1
    axes = list(range(len(output.shape)))
    if axes and shape[-1] == output.shape[-1]:
        count = output.shape[-1]
        axes.pop()
    axes = [axis for axis in axes if output.shape[axis] > 1]
    target = program.scratch(output.size)
    missing = MAX_BROADCAST_AXES - len(axes)
    sizes = [1] * missing + [output.shape[axis] for axis in axes]
    fields = {f"size_{i}": size for i, size in enumerate(sizes)}
    fields |= {f"input_step_{missing + i}": steps[axis] for i, axis in enumerate(axes)}
    fields |= {f"output_step_{missing + i}": output_steps[axis] for i, axis in enumerate(axes)}
    program.emit(COPY, 1, input=source, output=target, bytes=count, **fields)
    return target
