"""MEAN along any axes."""

import math

import numpy as np
from numpy.typing import NDArray

from npu_hal.api import Activation, Mean, Tensor
from npu_hal_software.jit.lowering.activation_range import requantisation_fields
from npu_hal_software.jit.lowering.transpose import emit_transpose, fits_transpose
from npu_hal_software.jit.lowering.weights import wrapped
from npu_hal_software.jit.packing.requantisation import (
    Multipliers,
    blocks_of,
    constant_words,
    quantise_multiplier,
)
from npu_hal_software.jit.program import Program, moved, position_chunks, stored_offset, stored_zero_point
from npu_hal_software.jit.record import MEAN
from npu_hal_software.jit.requantise import FLOAT_MEAN_WORDS

# Elements of a mean whose sum stays in int32 whatever they are.
_LARGEST_COUNT = (1 << 22) - 1
# Heuristic: images that are worth a record each.
_MOST_IMAGES = 4


def lower_mean(program: Program, operation: Mean) -> bool:
    """Mean per channel over the axes in front of it, image by image; other axes are brought to the front."""
    if not _fits_mean(operation, program.tensor(operation.input)):
        return False
    input_, output = program.tensor(operation.input), program.tensor(operation.output)
    source = program.stored(operation.input)
    first, rank = operation.axes[0], len(input_.shape)
    images, channels = math.prod(input_.shape[:first]), input_.shape[-1]
    if operation.axes != tuple(range(first, rank - 1)) or images > _MOST_IMAGES:
        scratch = program.scratch(input_.size)
        emit_transpose(program, source, scratch, input_.shape, _reduced_first(operation, input_), 1)
        source, images, channels = scratch, 1, output.size
    count = input_.size // (images * channels)
    lanes = program.tier.lanes
    constants_of = _xnnpack_constants if program.rounding == "xnnpack" else _exact_constants
    words, fields = constants_of(input_, output, count, lanes)
    constants = program.constant(blocks_of(words, lanes))
    target = program.output(operation.output)
    for number in range(images):
        program.emit(
            MEAN,
            position_chunks(program, count * channels // 16, -(-channels // lanes)),
            **fields,
            input=moved(source, number * count * channels),
            count=count,
            channels=channels,
            step=channels,
            constants=constants,
            output=target.moved(number * channels),
        )
    return True


def _fits_mean(operation: Mean, input_: Tensor) -> bool:
    """Whether sums of bytes stay in int32, and the elements of each can be brought to where the kernel wants them."""
    if not operation.axes:
        return False
    count = math.prod(input_.shape[axis] for axis in operation.axes)
    return count <= _LARGEST_COUNT and fits_transpose(input_.shape, _reduced_first(operation, input_), 1)


def _reduced_first(operation: Mean, input_: Tensor) -> tuple[int, ...]:
    kept = tuple(axis for axis in range(len(input_.shape)) if axis not in operation.axes)
    return (*operation.axes, *kept)


# The words of a vector of channels, and the requantisation fields.
_Constants = tuple[NDArray[np.int32], dict[str, int]]


def _exact_constants(input_: Tensor, output: Tensor, count: int, lanes: int) -> _Constants:
    """TensorFlow Lite's fixed-point arithmetic."""
    multipliers = mean_multipliers(
        float(np.float32(input_.affine().scale)), float(np.float32(output.affine().scale)), count
    )
    spread = multipliers[np.zeros(lanes, np.intp)]
    bias = wrapped(np.full(lanes, -count * stored_zero_point(input_), np.int64))
    return constant_words(bias, spread, "exact"), requantisation_fields(output, Activation.NONE, spread, "exact")


def _xnnpack_constants(input_: Tensor, output: Tensor, count: int, lanes: int) -> _Constants:
    """XNNPACK's floats, which take sums with their zero points; the output's is among the constants too."""
    scale, offset = xnnpack_mean_line(input_, output, count)
    words = np.empty((lanes, len(FLOAT_MEAN_WORDS)), np.int32)
    words[:] = -count * stored_offset(input_), scale.view(np.int32), offset.view(np.int32)
    return words, {"flags": 0, "zero_point": stored_offset(output), "low": 0, "high": 255}


def xnnpack_mean_line(input_: Tensor, output: Tensor, count: int) -> tuple[np.float32, np.float32]:
    """Slope and offset, in single precision throughout, from the sum of `count` values to the output's value.

    The order of the operations is XNNPACK's: rounded differently, about one output in 100,000 is off by one.
    """
    scale = np.float32(input_.affine().scale) / np.float32(output.affine().scale) * (np.float32(1) / np.float32(count))
    offset = np.float32(output.affine().zero_point) - np.float32(count * input_.affine().zero_point) * scale
    return scale, offset


def mean_multipliers(scale_x: float, scale_y: float, count: int) -> Multipliers:
    """The factor of a mean of `count` elements, as multipliers of one channel.

    TensorFlow Lite's reference divides the fixed-point multiplier of the scales by the count, after a left shift that
    keeps its bits.
    """
    fixed, exponent = quantise_multiplier(np.array([scale_x / scale_y]))
    shift = min(count.bit_length() - 1, 32, 31 + int(exponent[0]))
    divided = np.array([(int(fixed[0]) << shift) // count], np.int64)
    return Multipliers(divided, exponent - shift, np.array([scale_x / (scale_y * count)]))
