"""Weights as Mesa rewrites and codes them (hardware note, sections 3 and 6)."""

import numpy as np
from numpy.typing import NDArray

from npu_hal.api import DType, Tensor
from npu_hal_etnaviv.hardware.npu_core import NpuCore
from npu_hal_etnaviv.jobs.nn_job import KernelForm
from npu_hal_etnaviv.lowering.unsigned import INT8_OFFSET, unsigned_values
from npu_hal_etnaviv.weights.dense_depthwise import dense_depthwise
from npu_hal_etnaviv.weights.pointwise_single_channel import widen_pointwise_single_channel
from npu_hal_etnaviv.weights.space_to_depth_weights import space_to_depth_weights


def weight_bytes(tensor: Tensor, core: NpuCore) -> NDArray[np.uint8]:
    """The model's weights as bytes; Mesa adds 128 to int8 weights for V8 and forgets it for V7."""
    return tensor.constant().view(np.uint8) if core.generation == 7 else unsigned_values(tensor)


def fill_value(tensor: Tensor, core: NpuCore) -> int:
    """What Mesa puts where there is no weight: the zero point as the bytes have it."""
    zero_point = tensor.affine().zero_point
    if tensor.dtype is DType.INT8 and core.generation == 8:
        zero_point += INT8_OFFSET
    return zero_point & 0xFF


def rewritten_weights(
    tensor: Tensor, core: NpuCore, *, is_depthwise: bool, rewrite_stride: bool
) -> tuple[NDArray[np.uint8], KernelForm]:
    """A convolution's weights in the shape of the form that they come in, space-to-depth done if asked for."""
    fill = fill_value(tensor, core)
    form = KernelForm.DENSE
    if is_depthwise:
        weights = np.ascontiguousarray(weight_bytes(tensor, core).transpose(3, 0, 1, 2))
        if len(weights) > 1 and core.generation == 8:
            form = KernelForm.DEPTHWISE
        elif len(weights) > 1:
            # A fill other than the config's zero point has to be coded, so the kernel must be written out.
            if rewrite_stride or tensor.dtype is DType.INT8:
                weights = dense_depthwise(weights[:, 0], fill)
            else:
                form = KernelForm.DIAGONAL
    else:
        weights = np.ascontiguousarray(weight_bytes(tensor, core).transpose(0, 3, 1, 2))
        if weights.shape[1:] == (1, 1, 1):
            weights = widen_pointwise_single_channel(weights, fill)
    if rewrite_stride:
        weights = space_to_depth_weights(weights, fill)
    return weights, form
