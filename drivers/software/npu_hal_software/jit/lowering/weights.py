"""Weights of convolutions and fully connected layers as int8, with what their zero points add."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from npu_hal.api import DType, Tensor
from npu_hal_software.jit.program import Program, stored_zero_point


@dataclass(frozen=True, slots=True)
class CentredWeights:
    """int8 weights, and what is left of their zero point: true weight = stored weight - `remainder`."""

    values: NDArray[np.int8]
    remainder: int


def centre_weights(tensor: Tensor) -> CentredWeights:
    """Weights less their zero point as int8 if they fit; else less 128, with the rest of the zero point.

    Zero points that differ between channels are folded in, which int8 holds as long as the weights fit.
    """
    data = tensor.constant()
    zero_points = tensor.affine().zero_point_array()
    if tensor.dtype is DType.INT8 and not zero_points.any():
        return CentredWeights(data, 0)
    if (zero_points != zero_points[0]).any():
        axis = tensor.affine().axis or 0
        shape = [1] * data.ndim
        shape[axis] = -1
        return CentredWeights((data.astype(np.int16) - zero_points.reshape(shape)).astype(np.int8), 0)
    zero_point = int(zero_points[0])
    if int(data.min()) - zero_point >= -128 and int(data.max()) - zero_point <= 127:
        return CentredWeights((data - data.dtype.type(zero_point)).view(np.int8), 0)
    if tensor.dtype is DType.UINT8:
        return CentredWeights((data ^ np.uint8(0x80)).view(np.int8), zero_point - 128)
    return CentredWeights(data, zero_point)


def fits_int8(tensor: Tensor) -> bool:
    """Whether `centre_weights` can represent the weights: it cannot if zero points differ and differences overflow."""
    zero_points = tensor.affine().zero_point_array()
    if (zero_points == zero_points[0]).all():
        return True
    data = tensor.constant()
    return bool(data.min() - zero_points.max() >= -128 and int(data.max()) - int(zero_points.min()) <= 127)


def bias_values(program: Program, index: int | None, channels: int) -> NDArray[np.int64]:
    """The bias of each channel; zeros if there is none."""
    if index is None:
        return np.zeros(channels, np.int64)
    return program.tensor(index).constant().astype(np.int64).reshape(-1)


def folded_bias(
    bias: NDArray[np.int64], weights: CentredWeights, input_: Tensor, signed_activations: bool
) -> NDArray[np.int32]:
    """The bias with everything that does not depend on the input, for weights of shape (channels, depth).

    sum((a - za) (w - d)) = sum(a w) - d sum(a) - za sum(w) + depth za d; if dot products see a - 128, the stored
    zero point counts as that much less in the third term.
    """
    zero_point = stored_zero_point(input_)
    flat = weights.values.reshape(weights.values.shape[0], -1)
    sums = np.add.reduce(flat, axis=1, dtype=np.int64)
    seen_zero_point = zero_point - (128 if signed_activations else 0)
    total = bias - seen_zero_point * sums + flat.shape[1] * zero_point * weights.remainder
    return wrapped(total)


def wrapped(values: NDArray[np.int64]) -> NDArray[np.int32]:
    """int64 values as int32 accumulators have them: modulo 2**32."""
    return values.astype(np.uint64).astype(np.uint32).view(np.int32)


def product_multipliers(
    input_: Tensor, weights: Tensor, output: Tensor, channels: int, *, xnnpack: bool
) -> NDArray[np.float64]:
    """The real multiplier of each channel.

    TensorFlow Lite multiplies the scales of convolutions in double precision (PopulateConvolutionQuantizationParams),
    but those of uint8 with one weight scale in single precision first (GetQuantizedConvolutionMultipler); XNNPACK does
    all of it in single precision.
    """
    scale_x = np.float32(input_.affine().scale)
    scale_w = weights.affine().scale_array()
    scale_y = np.float32(output.affine().scale)
    if xnnpack:
        real = (scale_x * scale_w / scale_y).astype(np.float64)
    elif weights.dtype is DType.UINT8 and not weights.affine().is_per_axis:
        real = (scale_x * scale_w).astype(np.float64) / np.float64(scale_y)
    else:
        real = scale_x.astype(np.float64) * scale_w.astype(np.float64) / np.float64(scale_y)
    return np.ascontiguousarray(np.broadcast_to(real, (channels,)))
