"""The order in which the rules rewrite a convolution."""

from npu_hal_etnaviv.jobs.nn_job import KernelForm
from npu_hal_etnaviv.lowering.channel_blocks import channel_blocks
from npu_hal_etnaviv.lowering.context import LoweringContext
from npu_hal_etnaviv.lowering.convolution import Convolution
from npu_hal_etnaviv.lowering.dense_depthwise import without_native_depthwise
from npu_hal_etnaviv.lowering.first_pixel_pooling import keep_first_pixels, prefers_first_pixel
from npu_hal_etnaviv.lowering.single_channel_pointwise import widen_single_channel_pointwise
from npu_hal_etnaviv.lowering.space_to_depth import rearrange_input


def emit_convolution(convolution: Convolution, context: LoweringContext) -> None:
    """Rewrite a convolution to what the core can do, and emit its jobs."""
    convolution = without_native_depthwise(convolution, context.core)
    for block in channel_blocks(convolution, context):
        _emit_block(block, context)


def _emit_block(convolution: Convolution, context: LoweringContext) -> None:
    if prefers_first_pixel(
        context.core,
        stride=convolution.stride,
        is_depthwise=convolution.form is not KernelForm.DENSE,
        is_pointwise=convolution.is_pointwise,
        smallest_side=min(convolution.input_size.width, convolution.input_size.height),
    ):
        convolution = keep_first_pixels(convolution)
    elif convolution.stride > 1:
        rearranging, convolution = rearrange_input(convolution, context.core)
        context.emit(rearranging)
    context.emit(widen_single_channel_pointwise(convolution).job())
