"""TRANSPOSE_CONV.

Input position (i, j) adds its products with tap (ky, kx) to output position

    oy = i * stride_height + ky - pad_top        ox likewise

where the padding is that of the convolution from the output to the input; what falls outside of the output is
dropped. Sums start from the bias and become stored values as those of convolutions do.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from npu_hal.api import Array, DType, Tensor, TransposeConv, resolve_padding
from npu_hal_software.reference.integer_product import IntegerMatrix
from npu_hal_software.reference.kernel import Kernel, prepare_early
from npu_hal_software.reference.quantized import OutputStage, zero_point_of
from npu_hal_software.reference.weighted_sum import (
    centred_weights,
    largest_centred,
    product_multiplier,
    weighted_sum_refusal,
)
from npu_hal_software.reference.windows import BLOCK_ELEMENTS

# From rows of centred input elements [M, I] to their products with all taps [M, KH * KW * O].
_Products = Callable[[NDArray[Any]], NDArray[Any]]


def compile_transpose_conv(operation: TransposeConv, tensors: Sequence[Tensor]) -> Kernel:
    """The kernel of a transposed convolution."""
    x, weights, y = (tensors[index] for index in (operation.input, operation.filter, operation.output))
    is_float = x.dtype is DType.FLOAT32
    scatter = _Scatter(operation, weights)
    store = _output_stage(operation, x, weights, y)

    def prepare(taps: Array, bias: Array | None = None) -> tuple[_Products, Array | None]:
        centred = taps if is_float else centred_weights(taps, weights)
        # [O, KH, KW, I] to [I, KH * KW * O].
        matrix = centred.transpose(3, 1, 2, 0).reshape(x.shape[3], -1)
        if is_float:
            contiguous = np.ascontiguousarray(matrix)
            return lambda rows: rows @ contiguous, bias
        return IntegerMatrix.for_factors_up_to(largest_centred(x), matrix).multiplied_from_left, bias

    prepared = prepare_early(prepare, tensors, operation.inputs)
    accumulator = np.float32 if is_float else np.int32
    zero_point = 0 if is_float else zero_point_of(x)

    def run(inputs: Sequence[Array], outputs: Sequence[Array]) -> None:
        products, bias = prepared(inputs)
        for image, result in zip(inputs[0], outputs[0], strict=True):
            sums = np.zeros(result.shape, accumulator)
            if bias is not None:
                sums += bias.reshape(-1)
            scatter.add(image.astype(np.float32) - np.float32(zero_point), products, sums)
            store(sums, result)

    return run


class _Scatter:
    """Adds the products of an image's elements to the output positions that they belong to."""

    def __init__(self, operation: TransposeConv, weights: Tensor) -> None:
        self._filter_hw = (weights.shape[1], weights.shape[2])
        self._strides = (operation.stride_height, operation.stride_width)
        pads = resolve_padding(operation.padding, (operation.height, operation.width), self._filter_hw, self._strides)
        self._before = (pads.top, pads.left)

    def add(self, image: NDArray[np.float32], products: _Products, sums: NDArray[Any]) -> None:
        """Add the products of `image` ``[H, W, I]`` to `sums` ``[height, width, O]``, some rows at a time."""
        height, width, channels = image.shape
        columns = sums.shape[2] * self._filter_hw[0] * self._filter_hw[1]
        rows = max(1, BLOCK_ELEMENTS // max(1, width * columns))
        for start in range(0, height, rows):
            block = image[start : start + rows]
            parts = products(block.reshape(-1, channels)).reshape(len(block), width, *self._filter_hw, -1)
            for y in range(self._filter_hw[0]):
                for x in range(self._filter_hw[1]):
                    inside_y, at_y = self._range(0, start, len(block), y, sums.shape[0])
                    inside_x, at_x = self._range(1, 0, width, x, sums.shape[1])
                    sums[at_y, at_x] += parts[inside_y, inside_x, y, x]

    def _range(self, axis: int, start: int, count: int, tap: int, extent: int) -> tuple[slice, slice]:
        """Of `count` input positions from `start` on, those whose output position exists, and these positions."""
        stride = self._strides[axis]
        offset = start * stride + tap - self._before[axis]
        first = max(0, -(offset // stride))
        last = min(count, (extent - 1 - offset) // stride + 1)
        if last <= first:
            return slice(0, 0), slice(0, 0)
        return slice(first, last), slice(offset + first * stride, offset + (last - 1) * stride + 1, stride)


def _output_stage(
    operation: TransposeConv, x: Tensor, weights: Tensor, y: Tensor
) -> Callable[[NDArray[Any], Array], None]:
    if x.dtype is DType.FLOAT32:
        low, high = operation.activation.bounds
        return lambda sums, output: np.copyto(output, np.clip(sums, low, high))
    real = product_multiplier(x, weights, y, rounds_product=x.dtype is DType.UINT8)
    return OutputStage.to(y, real, operation.activation).store


def transpose_conv_refusal(operation: TransposeConv, tensors: Sequence[Tensor]) -> str:
    """Why a transposed convolution is not defined: scales out of range; or ""."""
    return weighted_sum_refusal(*(tensors[index] for index in (operation.input, operation.filter, operation.output)))
