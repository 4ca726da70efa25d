"""CONV_2D and DEPTHWISE_CONV_2D.

For output position (oy, ox) and tap (ky, kx) the input position is

    iy = oy * stride_height + ky * dilation_height - pad_top        ix likewise

and positions outside of the image hold the input's zero point, that is, the real number 0.

    CONV_2D            sum over ky, kx, c of  x[n, iy, ix, g * I/groups + c] * w[o, ky, kx, c]    g = o // (O/groups)
    DEPTHWISE_CONV_2D  sum over ky, kx    of  x[n, iy, ix, o // depth_multiplier] * w[0, ky, kx, o]

Integer sums become stored values as `weighted_sum` and `fixed_point` say (two roundings); float32 sums get the bias
and are clamped to the activation's range.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from npu_hal.api import Array, Conv2D, DepthwiseConv2D, DType, Tensor
from npu_hal_software.reference.integer_product import IntegerMatrix
from npu_hal_software.reference.kernel import Kernel, prepare_early
from npu_hal_software.reference.quantized import OutputStage, zero_point_of
from npu_hal_software.reference.weighted_sum import (
    centred_weights,
    largest_centred,
    product_multiplier,
    weighted_sum_refusal,
)
from npu_hal_software.reference.windows import WindowGeometry

# From the padded, centred rows that a block of output rows reads, and the number of those output rows, to the
# accumulators [rows, OW, O], bias included.
Accumulate = Callable[[NDArray[Any], int], NDArray[Any]]
Store = Callable[[NDArray[Any], Array], None]


def compile_conv_2d(operation: Conv2D, tensors: Sequence[Tensor]) -> Kernel:
    """The kernel of a dense or grouped convolution."""
    x, weights = tensors[operation.input], tensors[operation.filter]
    geometry = _geometry(operation, tensors)
    groups = operation.groups(tensors)
    is_float = x.dtype is DType.FLOAT32

    def prepare(taps: Array, bias: Array | None = None) -> Accumulate:
        # [O, KH, KW, I/groups] to a matrix [KH * KW * I/groups, O/groups] for each group.
        centred = taps if is_float else centred_weights(taps, weights)
        by_group = centred.reshape(groups, taps.shape[0] // groups, -1).transpose(0, 2, 1)
        if is_float:
            return _dense_accumulate(geometry, [_multiply_by(matrix) for matrix in by_group], bias)
        matrices = [IntegerMatrix.for_factors_up_to(largest_centred(x), matrix) for matrix in by_group]
        return _dense_accumulate(geometry, [matrix.multiplied_from_left for matrix in matrices], bias)

    taps = geometry.filter_hw[0] * geometry.filter_hw[1] * x.shape[3]
    return _blockwise(operation, tensors, geometry, prepare, max(taps, weights.shape[0]))


def _multiply_by(matrix: NDArray[Any]) -> Callable[[NDArray[Any]], NDArray[Any]]:
    contiguous = np.ascontiguousarray(matrix)
    return lambda left: left @ contiguous


def _dense_accumulate(
    geometry: WindowGeometry, products: Sequence[Callable[[Any], NDArray[Any]]], bias: Array | None
) -> Accumulate:
    def accumulate(rows: NDArray[Any], count: int) -> NDArray[Any]:
        depth = rows.shape[2] // len(products)
        parts = [
            product(geometry.patches(rows[..., group * depth : (group + 1) * depth], count))
            for group, product in enumerate(products)
        ]
        sums = parts[0] if len(parts) == 1 else np.concatenate(parts, axis=1)
        if bias is not None:
            sums += bias.reshape(-1)
        return sums.reshape(count, geometry.output_hw[1], -1)

    return accumulate


def compile_depthwise_conv_2d(operation: DepthwiseConv2D, tensors: Sequence[Tensor]) -> Kernel:
    """The kernel of a depthwise convolution."""
    x, weights = tensors[operation.input], tensors[operation.filter]
    geometry = _geometry(operation, tensors)
    multiplier = operation.depth_multiplier

    def prepare(taps: Array, bias: Array | None = None) -> Accumulate:
        centred = (taps if x.dtype is DType.FLOAT32 else centred_weights(taps, weights))[0]

        def accumulate(rows: NDArray[Any], count: int) -> NDArray[Any]:
            if multiplier > 1:
                rows = np.repeat(rows, multiplier, axis=2)
            sums = np.zeros((count, geometry.output_hw[1], centred.shape[2]), centred.dtype)
            if bias is not None:
                sums += bias.reshape(-1)
            products = np.empty_like(sums)
            for y, x, seen in geometry.taps(rows, count):
                np.multiply(seen, centred[y, x], out=products)
                sums += products
            return sums

        return accumulate

    return _blockwise(operation, tensors, geometry, prepare, weights.shape[3])


def _blockwise(
    operation: Conv2D | DepthwiseConv2D,
    tensors: Sequence[Tensor],
    geometry: WindowGeometry,
    prepare: Callable[..., Accumulate],
    elements_per_position: int,
) -> Kernel:
    """A kernel that computes a few output rows at a time, so that what it works on stays in the cache."""
    x, y = tensors[operation.input], tensors[operation.output]
    prepared = prepare_early(prepare, tensors, operation.inputs)
    store = _output_stage(operation, tensors)
    is_float = x.dtype is DType.FLOAT32
    # Dense products go through float32 matrices, depthwise ones are computed in int32.
    work_type = np.float32 if is_float or isinstance(operation, Conv2D) else np.int32
    zero_point = 0 if is_float else zero_point_of(x)
    blocks = list(geometry.row_blocks(y.shape[2] * elements_per_position))

    def run(inputs: Sequence[Array], outputs: Sequence[Array]) -> None:
        accumulate = prepared(inputs)
        for image, result in zip(inputs[0], outputs[0], strict=True):
            for start, stop in blocks:
                rows = geometry.padded_rows(image, start, stop, zero_point, work_type)
                if zero_point:
                    rows -= work_type(zero_point)
                store(accumulate(rows, stop - start), result[start:stop])

    return run


def _output_stage(operation: Conv2D | DepthwiseConv2D, tensors: Sequence[Tensor]) -> Store:
    x, weights, y = (tensors[index] for index in (operation.input, operation.filter, operation.output))
    if x.dtype is DType.FLOAT32:
        low, high = operation.activation.bounds
        return lambda sums, output: np.copyto(output, np.clip(sums, low, high))
    real = product_multiplier(x, weights, y, rounds_product=x.dtype is DType.UINT8)
    return OutputStage.to(y, real, operation.activation).store


def _geometry(operation: Conv2D | DepthwiseConv2D, tensors: Sequence[Tensor]) -> WindowGeometry:
    shape = tensors[operation.filter].shape
    return WindowGeometry.of(
        tensors[operation.input].shape,
        (shape[1], shape[2]),
        operation.strides,
        operation.padding,
        operation.dilations,
    )


def convolution_refusal(operation: Conv2D | DepthwiseConv2D, tensors: Sequence[Tensor]) -> str:
    """Why a convolution is not defined: scales out of range; or ""."""
    return weighted_sum_refusal(*(tensors[index] for index in (operation.input, operation.filter, operation.output)))
