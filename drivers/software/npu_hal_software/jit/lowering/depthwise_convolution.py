"""DEPTHWISE_CONV_2D: 3x3 kernels straight from the image, all others from a padded copy."""

import numpy as np
from numpy.typing import NDArray

from npu_hal.api import DepthwiseConv2D, resolve_padding
from npu_hal_software.jit.layout import FLAT_ROWS, ROW_END_VECTORS
from npu_hal_software.jit.lowering.activation_range import requantisation_fields
from npu_hal_software.jit.lowering.convolution import emit_convolution, packs_weights, padded_image
from npu_hal_software.jit.lowering.product_sums import largest_sums, requantise_products
from npu_hal_software.jit.lowering.weights import (
    bias_values,
    centre_weights,
    product_multipliers,
    wrapped,
)
from npu_hal_software.jit.packing.depthwise_weights import (
    TAP_GROUP,
    filled_blocks,
    flat_blocks,
    group_taps,
    group_taps_3x3,
    overlapping_blocks,
    pack_blocks,
)
from npu_hal_software.jit.packing.memory import allocate
from npu_hal_software.jit.packing.requantisation import Multipliers, Requantisation
from npu_hal_software.jit.program import Address, Program, moved, position_chunks, stored_zero_point
from npu_hal_software.jit.record import COPY, DEPTHWISE, DEPTHWISE_3X3, DEPTHWISE_FLAT


def lower_depthwise_convolution(program: Program, operation: DepthwiseConv2D) -> bool:
    """Choose a kernel by the shape of the filter and the number of channels."""
    if not packs_weights(program, operation):
        return False
    input_, weights = program.tensor(operation.input), program.tensor(operation.filter)
    if input_.shape[3] == 1:
        _lower_as_convolution(program, operation)
        return True
    _, kernel_height, kernel_width, channels = weights.shape
    is_3x3 = (
        (kernel_height, kernel_width) == (3, 3)
        and operation.dilations == (1, 1)
        and operation.strides in ((1, 1), (2, 2))
        and operation.depth_multiplier == 1
    )
    if is_3x3 and (pays_flat(program, operation) or channels >= 4 * min(program.tier.widths)):
        _lower_3x3(program, operation)
    else:
        _lower_any(program, operation)
    return True


def _lower_as_convolution(program: Program, operation: DepthwiseConv2D) -> None:
    """One input channel that all outputs read: an ordinary convolution of depth 1."""
    weights = program.tensor(operation.filter)
    centred = centre_weights(weights).transposed(3, 1, 2, 0)
    emit_convolution(program, operation, centred, weights, program.tensor(operation.input))


def block_lanes(program: Program, channels: int) -> int:
    """Lanes per vector of blocks: the widest whose block is full, or else the narrowest."""
    for lanes in program.tier.widths:
        if channels >= 4 * lanes:
            return lanes
    return min(program.tier.widths)


def _constants(
    program: Program, operation: DepthwiseConv2D, lanes: int
) -> tuple[NDArray[np.int16], Requantisation, dict[str, int]]:
    """Weights of shape (KH, KW, channels) less their zero point, their requantisation, and the fields for it."""
    input_, filter_ = program.tensor(operation.input), program.tensor(operation.filter)
    output = program.tensor(operation.output)
    channels = filter_.shape[3]
    weights = filter_.constant()[0].astype(np.int16) - filter_.affine().zero_point_array().astype(np.int16)
    seen_zero_point = stored_zero_point(input_) - (128 if program.tier.signed_activations else 0)
    bias = bias_values(program, operation.bias, channels)
    folded = wrapped(bias - seen_zero_point * weights.sum(axis=(0, 1), dtype=np.int64))
    real = product_multipliers(input_, filter_, output, channels, xnnpack=program.rounding == "xnnpack")
    multipliers = Multipliers.of(real)
    largest = largest_sums(bias, weights.shape[0] * weights.shape[1], filter_)
    requantisation = requantise_products(program, folded, largest, multipliers, output, operation.activation, lanes)
    fields = requantisation_fields(output, operation.activation, multipliers, program.rounding, requantisation.line)
    return weights, requantisation, fields


def _lower_3x3(program: Program, operation: DepthwiseConv2D) -> None:
    input_, output = program.tensor(operation.input), program.tensor(operation.output)
    batch, height, width, channels = input_.shape
    _, output_height, output_width, _ = output.shape
    padding = resolve_padding(operation.padding, (height, width), (3, 3), operation.strides)
    is_flat = pays_flat(program, operation)
    lanes = program.tier.lanes if is_flat else block_lanes(program, channels)
    weights, requantisation, fields = _constants(program, operation, lanes)
    channels_of_blocks = flat_blocks(channels, lanes) if is_flat else overlapping_blocks(channels, lanes)
    packed = pack_blocks(group_taps_3x3(weights), requantisation, channels_of_blocks, lanes)
    zero_row = allocate(width * channels)
    zero_row[:] = stored_zero_point(input_)
    units = (output_height + 1) // 2 if operation.stride_height == 1 else output_height
    chunks = position_chunks(program, output_height * output_width * channels // 8, units)
    fields |= {
        "input_row_step": width * channels,
        "channels": channels,
        "height": height,
        "blocks": program.keep(packed.memory),
        "block_step": packed.step,
        "block_count": packed.count,
        "output_row_step": output_width * channels,
        "output_height": output_height,
        "zero_row": program.keep(zero_row),
        "pad_top": padding.top,
        "pad_left": padding.left,
    }
    own: dict[str, int | Address] = {
        "width": width,
        "block_width": packed.width,
        "output_width": output_width,
        "output_column_step": channels,
        "stride": operation.stride_height,
    }
    if is_flat:
        own = {"ends": program.scratch(chunks * FLAT_ROWS * 2 * ROW_END_VECTORS * 4 * lanes)}
    scratch = program.scratch(output_width * channels)
    source, target = program.stored(operation.input), program.output(operation.output)
    for number in range(batch):
        program.emit(
            DEPTHWISE_FLAT if is_flat else DEPTHWISE_3X3,
            chunks,
            **fields,
            **own,
            input=moved(source, number * height * width * channels),
            output=moved(target, number * output_height * output_width * channels),
            scratch=scratch,
        )


def pays_flat(program: Program, operation: DepthwiseConv2D) -> bool:
    """Whether a 3x3 kernel takes rows as flat runs of bytes: it can, and blocks of channels would be less full.

    Heuristic: many blocks of weights, as odd numbers of channels have, do not stay in the first-level cache.
    """
    _, height, width, channels = program.tensor(operation.input).shape
    run = 4 * program.tier.lanes
    padding = resolve_padding(operation.padding, (height, width), (3, 3), operation.strides)
    # No run of bytes may leave a row on both sides, not even the last that begins in the padding.
    is_long = width * channels >= -(-channels // run) * run + channels
    # The copies of rows' ends have room for so many.
    are_few = 2 * channels <= 3 * run
    return (
        operation.strides == (1, 1)
        and max(padding.left, padding.right) <= 1
        and is_long
        and are_few
        and channels % run != 0
        and channels % 4 == 0
    )


def _lower_any(program: Program, operation: DepthwiseConv2D) -> None:
    input_, output = program.tensor(operation.input), program.tensor(operation.output)
    batch, height, width, _ = input_.shape
    _, output_height, output_width, channels = output.shape
    lanes = block_lanes(program, channels)
    weights, requantisation, fields = _constants(program, operation, lanes)
    kernel_height, kernel_width, _ = weights.shape
    groups = group_taps(weights.reshape(-1, channels))
    packed = pack_blocks(groups, requantisation, filled_blocks(channels, lanes), lanes)
    padding = resolve_padding(
        operation.padding, (height, width), (kernel_height, kernel_width), operation.strides, operation.dilations
    )
    target = program.output(operation.output)
    blocks = program.keep(packed.memory)
    for number in range(batch):
        source, row_bytes = padded_image(program, operation.input, number, padding, 0)
        if operation.depth_multiplier > 1:
            rows = height + padding.top + padding.bottom
            source = _replicate(program, source, rows * row_bytes, operation.depth_multiplier)
            row_bytes *= operation.depth_multiplier
        vertical = np.arange(kernel_height, dtype=np.int64)[:, None] * operation.dilation_height * row_bytes
        horizontal = np.arange(kernel_width, dtype=np.int64) * operation.dilation_width * channels
        taps = np.zeros(len(groups) * TAP_GROUP, np.int64)
        taps[: kernel_height * kernel_width] = (vertical + horizontal).reshape(-1)
        program.emit(
            DEPTHWISE,
            position_chunks(program, output.size * taps.size // 40, output_height),
            **fields,
            input=source,
            column_step=operation.stride_width * channels,
            row_step=operation.stride_height * row_bytes,
            taps=program.keep(taps),
            group_count=len(groups),
            blocks=blocks,
            block_step=packed.step,
            block_count=packed.count,
            block_width=packed.width,
            output=moved(target, number * output_height * output_width * channels),
            output_row_step=output_width * channels,
            channels=channels,
            output_height=output_height,
            output_width=output_width,
        )


def _replicate(program: Program, source: Address | int, size: int, times: int) -> Address:
    """Every byte `times` times: each output channel gets its own copy of the input channel that it reads."""
    target = program.scratch(size * times)
    program.emit(
        COPY,
        position_chunks(program, size * times, 64),
        input=source,
        output=target,
        size_0=size,
        size_1=times,
        size_2=1,
        size_3=1,
        input_step_0=1,
        output_step_0=times,
        output_step_1=1,
        bytes=1,
    )
    return target
