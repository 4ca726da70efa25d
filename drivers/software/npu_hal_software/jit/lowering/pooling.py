"""AVERAGE_POOL_2D, MAX_POOL_2D and MEAN over height and width."""

from typing import TYPE_CHECKING

import numpy as np

from npu_hal.api import Activation, AveragePool2D, MaxPool2D, resolve_padding
from npu_hal_software.jit.lowering.activation_range import requantisation_fields, stored_range
from npu_hal_software.jit.lowering.weights import wrapped
from npu_hal_software.jit.packing.requantisation import (
    Multipliers,
    blocks_of,
    constant_words,
    quantise_multiplier,
)
from npu_hal_software.jit.program import Address, Program, position_chunks, stored_offset, stored_zero_point
from npu_hal_software.jit.record import MEAN, POOL

if TYPE_CHECKING:
    from npu_hal.api import Mean

# Sums of bytes beyond 2**24 are not exact in the float quotient of the pooling kernel.
_LARGEST_WINDOW = (1 << 16) - 1
_LARGEST_MEAN = 1 << 22


def lower_pool(program: Program, operation: AveragePool2D | MaxPool2D) -> bool:
    """Images of a batch one after the other."""
    if operation.filter_height * operation.filter_width > _LARGEST_WINDOW:
        return False
    input_, output = program.tensor(operation.input), program.tensor(operation.output)
    batch, height, width, channels = input_.shape
    _, output_height, output_width, _ = output.shape
    padding = resolve_padding(operation.padding, (height, width), operation.filter_hw, operation.strides)
    low, high = stored_range(output, operation.activation)
    source, target = program.stored(operation.input), program.output(operation.output)
    for number in range(batch):
        work = output_height * output_width * channels * operation.filter_height * operation.filter_width
        program.emit(
            POOL,
            position_chunks(program, work // 16, output_height),
            low=low,
            high=high,
            input=_image(source, number * height * width * channels),
            input_row_step=width * channels,
            channels=channels,
            height=height,
            width=width,
            output=_image(target, number * output_height * output_width * channels),
            output_height=output_height,
            output_width=output_width,
            filter_height=operation.filter_height,
            filter_width=operation.filter_width,
            stride_height=operation.stride_height,
            stride_width=operation.stride_width,
            pad_top=padding.top,
            pad_left=padding.left,
            maximum=int(isinstance(operation, MaxPool2D)),
            offset=stored_offset(input_),
        )
    return True


def _image(address: Address | int, offset: int) -> Address | int:
    if isinstance(address, Address):
        return Address(address.buffer, address.offset + offset)
    return address + offset


def lower_mean(program: Program, operation: "Mean") -> bool:
    """Mean over the axes between the first and the last, per image; their sums of bytes must fit int32."""
    input_, output = program.tensor(operation.input), program.tensor(operation.output)
    if input_.rank < 3 or operation.axes != tuple(range(1, input_.rank - 1)):
        return False
    batch, channels = input_.shape[0], input_.shape[-1]
    count = input_.size // (batch * channels)
    if count >= _LARGEST_MEAN:
        return False
    lanes = program.tier.lanes
    multipliers = mean_multipliers(
        float(np.float32(input_.affine().scale)), float(np.float32(output.affine().scale)), count
    )
    spread = multipliers[np.zeros(lanes, np.intp)]
    bias = wrapped(np.full(lanes, -count * stored_zero_point(input_), np.int64))
    constants = program.constant(blocks_of(constant_words(bias, spread, program.rounding), lanes))
    source, target = program.stored(operation.input), program.output(operation.output)
    for number in range(batch):
        program.emit(
            MEAN,
            position_chunks(program, count * channels // 16, -(-channels // lanes)),
            **requantisation_fields(output, Activation.NONE, spread),
            input=_image(source, number * count * channels),
            count=count,
            channels=channels,
            step=channels,
            constants=constants,
            output=_image(target, number * channels),
        )
    return True


def mean_multipliers(scale_x: float, scale_y: float, count: int) -> Multipliers:
    """The factor of a mean of `count` elements, as multipliers of one channel.

    TensorFlow Lite's reference divides the fixed-point multiplier of the scales by the count, after a left shift that
    keeps its bits.
    """
    fixed, exponent = quantise_multiplier(np.array([scale_x / scale_y]))
    shift = min(count.bit_length() - 1, 32, 31 + int(exponent[0]))
    divided = np.array([(int(fixed[0]) << shift) // count], np.int64)
    real = np.array([np.float64(np.float32(scale_x) / np.float32(np.float32(scale_y) * count))])
    return Multipliers(divided, exponent - shift, real)
