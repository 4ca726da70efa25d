"""CONV_2D and FULLY_CONNECTED as matrix products, DEPTHWISE_CONV_2D by its own kernels."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from npu_hal.api import Activation, Conv2D, DepthwiseConv2D, ExplicitPadding, FullyConnected, Tensor, resolve_padding
from npu_hal_software.jit.lowering.activation_range import requantisation_fields
from npu_hal_software.jit.lowering.product_sums import largest_sums, requantise_products
from npu_hal_software.jit.lowering.weights import (
    CentredWeights,
    bias_values,
    centre_weights,
    fits_int8,
    folded_bias,
    product_multipliers,
)
from npu_hal_software.jit.packing.gemm_weights import DEPTH_GROUP, SegmentedWeights, pack_tiles
from npu_hal_software.jit.packing.requantisation import Multipliers
from npu_hal_software.jit.program import Address, Program, position_chunks, stored_zero_point
from npu_hal_software.jit.record import GEMM, PAD, ROW_SUMS

# Bytes of input that a block of output positions may cover. So many stay in a first-level cache with a tile;
_BLOCK_BYTES = 24 * 1024
# and wide tiles read each byte so rarely that it may come from the second-level cache: so many per channel of a tile.
_BLOCK_BYTES_PER_CHANNEL = 1024
_ROWS_PER_TILE_GROUP = 12


class MatrixProduct(NamedTuple):
    """Everything about a product but its weights: where input and output lie, in bytes and positions."""

    input: Address | int
    column_step: int
    row_step: int
    columns: int
    rows: int
    segments: NDArray[np.int64]
    depth: int
    output: Address
    output_row_step: int


def emit_matrix_product(
    program: Program,
    product: MatrixProduct,
    weights: CentredWeights,
    bias: NDArray[np.int64],
    weight_tensor: Tensor,
    input_: Tensor,
    output: Tensor,
    activation: Activation,
    multipliers: Multipliers,
    *,
    single_rounding: bool = False,
) -> None:
    """Emit a product with weights of shape (channels, segments, depth)."""
    channels, segment_count, depth = weights.shape
    tier = program.tier
    requantisation = requantise_products(
        program,
        folded_bias(bias, weights, input_, tier.signed_activations),
        largest_sums(bias, segment_count * depth, weight_tensor),
        multipliers,
        output,
        activation,
        tier.lanes,
        single_rounding=single_rounding,
    )
    packed = pack_tiles(segmented(weights, product.segments), requantisation, tier)
    program.keep_object(packed)
    positions = product.rows * product.columns
    work = positions * channels * segment_count * depth // 200
    row_sums: Address | int = 0
    common = {
        "input": product.input,
        "column_step": product.column_step,
        "row_step": product.row_step,
        "columns": product.columns,
        "rows": product.rows,
    }
    if weights.remainder:
        row_sums = program.scratch(4 * positions)
        program.emit(
            ROW_SUMS,
            position_chunks(program, positions * segment_count * depth // 16, positions),
            **common,
            segments=program.keep(product.segments),
            segment_count=segment_count,
            depth=depth,
            output=row_sums,
            factor=-weights.remainder,
        )
    largest = max(rows for counts in tier.gemm_tiles.values() for rows in counts)
    split_tiles = product.rows == 1 and product.columns < 4 * largest
    split = len(packed.table) if split_tiles else max(product.rows, product.columns // largest)
    widest = max(tier.gemm_tiles) * tier.lanes
    block_bytes = max(_BLOCK_BYTES, _BLOCK_BYTES_PER_CHANNEL * widest)
    block = max(block_bytes // max(product.column_step, 1), 1)
    block = -(-block // _ROWS_PER_TILE_GROUP) * _ROWS_PER_TILE_GROUP
    program.emit(
        GEMM,
        position_chunks(program, work, split),
        **requantisation_fields(output, activation, multipliers, program.rounding, requantisation.line),
        **common,
        tiles=program.keep(packed.table),
        tile_count=len(packed.table),
        output=product.output,
        output_column_step=channels,
        output_row_step=product.output_row_step,
        row_sums=row_sums,
        split_tiles=int(split_tiles),
        block=block,
    )


def segmented(weights: CentredWeights, offsets: NDArray[np.int64]) -> SegmentedWeights:
    """Weights of shape (channels, segments, depth) with each segment filled up to whole groups."""
    channels, segment_count, depth = weights.shape
    padded_depth = -(-depth // DEPTH_GROUP) * DEPTH_GROUP
    terms = []
    for term in weights.terms:
        values = term
        if padded_depth != depth:
            values = np.zeros((channels, segment_count, padded_depth), np.int8)
            values[:, :, :depth] = term
        terms.append(np.ascontiguousarray(values).reshape(channels, -1))
    return SegmentedWeights(tuple(terms), offsets, padded_depth)


def packs_weights(program: Program, operation: Conv2D | DepthwiseConv2D | FullyConnected) -> bool:
    """Whether weights and bias are known when the subgraph is created, in a form that can be packed."""
    weights, bias = program.tensor(operation.inputs[1]), operation.bias
    is_constant = weights.is_constant and (bias is None or program.tensor(bias).is_constant)
    return is_constant and (isinstance(operation, DepthwiseConv2D) or fits_int8(weights))


def lower_fully_connected(program: Program, operation: FullyConnected) -> bool:
    """Every row of the input is an output position."""
    if not packs_weights(program, operation):
        return False
    input_, weights = program.tensor(operation.input), program.tensor(operation.weights)
    output = program.tensor(operation.output)
    channels, depth = weights.shape
    rows = input_.size // depth
    centred = centre_weights(weights)
    product = MatrixProduct(
        input=program.stored(operation.input),
        column_step=depth,
        row_step=0,
        columns=rows,
        rows=1,
        segments=np.zeros(1, np.int64),
        depth=depth,
        output=program.output(operation.output),
        output_row_step=0,
    )
    emit_matrix_product(
        program,
        product,
        centred.reshaped(channels, 1, depth),
        bias_values(program, operation.bias, channels),
        weights,
        input_,
        output,
        operation.activation,
        Multipliers.of(
            product_multipliers(
                input_, weights, output, channels, xnnpack=program.rounding == "xnnpack", is_convolution=False
            )
        ),
        single_rounding=True,
    )
    return True


def lower_convolution(program: Program, operation: Conv2D) -> bool:
    """A kernel row is a segment, or each of its taps if the kernel is dilated; batches are more rows."""
    if operation.groups(program.graph.tensors) != 1 or not packs_weights(program, operation):
        return False
    input_, weights = program.tensor(operation.input), program.tensor(operation.filter)
    centred = centre_weights(weights)
    emit_convolution(program, operation, centred, weights, input_)
    return True


def emit_convolution(
    program: Program,
    operation: Conv2D | DepthwiseConv2D,
    centred: CentredWeights,
    weights: Tensor,
    input_: Tensor,
) -> None:
    """A convolution by weights of shape (channels, kernel height, kernel width, depth)."""
    output = program.tensor(operation.output)
    channels, kernel_height, kernel_width, depth = centred.shape
    batch, height, width, _ = input_.shape
    _, output_height, output_width, _ = output.shape
    padding = resolve_padding(
        operation.padding, (height, width), (kernel_height, kernel_width), operation.strides, operation.dilations
    )
    real = product_multipliers(input_, weights, output, channels, xnnpack=program.rounding == "xnnpack")
    multipliers = Multipliers.of(real)
    bias = bias_values(program, operation.bias, channels)
    for number in range(batch):
        source, row_bytes = padded_image(program, operation.input, number, padding, 0)
        if operation.dilation_width == 1:
            segments = np.arange(kernel_height, dtype=np.int64) * operation.dilation_height * row_bytes
            matrices = centred.reshaped(channels, kernel_height, kernel_width * depth)
        else:
            rows = np.arange(kernel_height, dtype=np.int64)[:, None] * operation.dilation_height * row_bytes
            taps = np.arange(kernel_width, dtype=np.int64) * operation.dilation_width * depth
            segments = np.ascontiguousarray((rows + taps).reshape(-1))
            matrices = centred.reshaped(channels, kernel_height * kernel_width, depth)
        column_step = operation.stride_width * depth
        row_step = operation.stride_height * row_bytes
        rows_count, columns = output_height, output_width
        if row_step == column_step * output_width:
            rows_count, columns = 1, output_height * output_width
        product = MatrixProduct(
            input=source,
            column_step=column_step,
            row_step=row_step,
            columns=columns,
            rows=rows_count,
            segments=segments,
            depth=matrices.shape[2],
            output=_image(program.output(operation.output), number, output),
            output_row_step=output_width * channels,
        )
        emit_matrix_product(
            program, product, matrices, bias, weights, input_, output, operation.activation, multipliers
        )


def _image(address: Address, number: int, tensor: Tensor) -> Address:
    """The address of one image of a batch."""
    return address.moved(number * tensor.nbytes // tensor.shape[0])


def padded_image(
    program: Program, index: int, number: int, padding: ExplicitPadding, spare_columns: int
) -> tuple[Address | int, int]:
    """Image `number` of a tensor with its padding around it, and the bytes of a row.

    Without padding it is the tensor itself. `spare_columns` are added on the right.
    """
    tensor = program.tensor(index)
    _, height, width, channels = tensor.shape
    image_bytes = height * width * channels
    top, left = padding.top, padding.left
    right = padding.right + spare_columns
    if not (top or left or padding.bottom or right):
        stored = program.stored(index)
        if isinstance(stored, Address):
            return Address(stored.buffer, stored.offset + number * image_bytes), width * channels
        return stored + number * image_bytes, width * channels
    row_bytes = (left + width + right) * channels
    rows = top + height + padding.bottom
    target = program.scratch(rows * row_bytes)
    source, mask = program.exact(index)
    if number and not isinstance(source, Address):
        source = program.stored(index)
        mask = 0
    if isinstance(source, Address):
        source = Address(source.buffer, source.offset + number * image_bytes)
    elif isinstance(source, int):
        source += number * image_bytes
    program.emit(
        PAD,
        position_chunks(program, rows * row_bytes // 32, rows),
        input=source,
        input_row_step=width * channels,
        row_bytes=width * channels,
        rows=height,
        output=target,
        output_row_step=row_bytes,
        output_rows=rows,
        top=top,
        left_bytes=left * channels,
        right_bytes=right * channels,
        value=stored_zero_point(tensor),
        mask=mask,
    )
    return target, row_bytes
