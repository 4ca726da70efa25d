"""AVERAGE_POOL_2D and MEAN over height and width as depthwise convolutions whose weights are all one."""

import numpy as np

from npu_hal.api import Activation, AveragePool2D, Mean
from npu_hal_etnaviv.jobs.image import Image
from npu_hal_etnaviv.jobs.nn_job import KernelForm
from npu_hal_etnaviv.lowering.activation import needs_clamp_at_zero
from npu_hal_etnaviv.lowering.context import LoweringContext
from npu_hal_etnaviv.lowering.convolution import Convolution, size_of
from npu_hal_etnaviv.lowering.global_average import averages_stacked_channels, emit_global_average
from npu_hal_etnaviv.lowering.rewriting import emit_convolution
from npu_hal_etnaviv.lowering.shape import HWC
from npu_hal_etnaviv.lowering.stride import accepted_stride


def lower_average_pool(operation: AveragePool2D, context: LoweringContext) -> None:
    """Windows without padding."""
    source = context.planar(operation.input)
    target = context.new_planar(operation.output, operation.activation)
    stride = accepted_stride(operation.strides, (target.height, target.width))
    _emit(source, target, operation.filter_hw, stride, operation.activation, context)


def lower_mean(operation: Mean, context: LoweringContext) -> None:
    """One window as large as the image."""
    source, target = context.planar(operation.input), context.new_planar(operation.output)
    _emit(source, target, (source.height, source.width), 1, Activation.NONE, context)


def averaging_factor(window: tuple[int, int], source_scale: float, target_scale: float) -> float:
    """The factor from sums over a window (height, width) to output values, in float32."""
    return float(np.float32(source_scale / (window[0] * window[1] * target_scale)))


def _emit(
    source: Image,
    target: Image,
    window: tuple[int, int],
    stride: int,
    activation: Activation,
    context: LoweringContext,
) -> None:
    factor = averaging_factor(window, source.scale, target.scale)
    relu = needs_clamp_at_zero(activation)
    if averages_stacked_channels(context.core, HWC(source.height, source.width, source.channels), window):
        emit_global_average(source, target, factor, context, relu=relu)
        return
    emit_convolution(
        Convolution(
            label=target.name,
            input=source,
            output=target,
            input_size=size_of(source),
            output_size=size_of(target),
            form=KernelForm.DEPTHWISE,
            weights=np.ones((source.channels, 1, *window), np.uint8),
            weight_zero_point=0,
            bias=np.zeros(source.channels, np.int32),
            rescale=factor,
            stride=stride,
            relu=relu,
            model_stride=stride,
        ),
        context,
    )
