"""What convolutions and fully connected layers share: centred weights, biases, and scales of products.

    y = clamp(zero_point_y + round(multiplier * (bias + sum((x - zero_point_x) * (w - zero_point_w)))))
    multiplier = scale_x * scale_w / scale_y

The sum is an int32 that wraps around. The multiplier is a float64 product, with one historic exception: where the
weights of a convolution have one scale for all, and the tensors are uint8, ``scale_x * scale_w`` is rounded to float32
first. The difference shows in a few outputs among a million, or more where a round multiplier makes ties.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from npu_hal.api import DType, Tensor
from npu_hal_software.reference.quantized import multiplier_problem, scale_of


def product_multiplier(x: Tensor, weights: Tensor, y: Tensor, rounds_product: bool) -> NDArray[np.float64]:
    """``scale_x * scale_w / scale_y``, of shape () or (channels,).

    `rounds_product`: the product of the scales is rounded to float32 if the weights have a single scale.
    """
    quantization = weights.affine()
    scale_y = np.float64(scale_of(y))
    if not quantization.is_per_axis:
        scale_w = scale_of(weights)
        if rounds_product:
            return np.asarray(np.float64(scale_of(x) * scale_w) / scale_y)
        return np.asarray(np.float64(scale_of(x)) * np.float64(scale_w) / scale_y)
    return np.float64(scale_of(x)) * quantization.scale_array().astype(np.float64) / scale_y


def centred_weights(weights: NDArray[Any], tensor: Tensor) -> NDArray[np.int32]:
    """``w - zero_point_w`` of the same shape."""
    quantization = tensor.affine()
    zero_points = quantization.zero_point_array()
    if quantization.axis is not None:
        shape = [1] * weights.ndim
        shape[quantization.axis] = zero_points.size
        zero_points = zero_points.reshape(shape)
    result: NDArray[np.int32] = weights.astype(np.int32) - zero_points
    return result


def largest_centred(tensor: Tensor) -> int:
    """The largest ``|x - zero_point|`` that an 8-bit tensor can hold."""
    low, high = tensor.dtype.integer_range
    zero_point = tensor.affine().zero_point
    return max(zero_point - low, high - zero_point)


def weighted_sum_refusal(x: Tensor, weights: Tensor, y: Tensor) -> str:
    """Why the multiplier of a weighted sum is out of range, or ""."""
    if x.dtype is DType.FLOAT32:
        return ""
    return multiplier_problem(product_multiplier(x, weights, y, rounds_product=False))
