"""Rule: stride 2 by rearranging each 2x2 square of the input to one position of four channels."""

from dataclasses import replace

from npu_hal_etnaviv.hardware.npu_core import NpuCore
from npu_hal_etnaviv.jobs.image import PLANAR, Image
from npu_hal_etnaviv.jobs.nn_job import KernelForm, Size
from npu_hal_etnaviv.jobs.tp_job import SpaceToDepth
from npu_hal_etnaviv.lowering.convolution import Convolution
from npu_hal_etnaviv.programming.tp_split import CHANNEL_AXIS, largest_axis, shares, shares_space_to_depth
from npu_hal_etnaviv.weights.dense_depthwise import dense_depthwise
from npu_hal_etnaviv.weights.space_to_depth_weights import BLOCK, space_to_depth_weights


def rearrange_input(convolution: Convolution, core: NpuCore) -> tuple[SpaceToDepth, Convolution]:
    """The rearranging job, and the convolution of stride 1 and half the kernel size on its output.

    Applies to dense convolutions of stride 2. The padding is in the rearranged image, whose size is what the
    outputs read.
    """
    weights = convolution.weights
    if convolution.form is not KernelForm.DENSE:
        weights = dense_depthwise(weights[:, 0], convolution.weight_zero_point)
    weights = space_to_depth_weights(weights, convolution.weight_zero_point)
    size = Size(
        convolution.output_size.width + weights.shape[3] - 1,
        convolution.output_size.height + weights.shape[2] - 1,
        weights.shape[1],
    )
    source = convolution.input
    target = Image(
        f"{source.name}, rearranged for {convolution.label}",
        size.height,
        size.width,
        size.channels,
        PLANAR,
        source.zero_point,
        source.scale,
    )
    channels = size.channels // BLOCK**2
    cores = _sharing_cores(convolution, size, channels, core) if shares_space_to_depth(source.height, channels) else 1
    job = SpaceToDepth(
        input=source,
        output=target,
        channels=channels,
        height=convolution.input_size.height,
        width=convolution.input_size.width,
        row_stride=convolution.input_size.width,
        output_height=size.height,
        output_width=size.width,
        top=convolution.pad_top,
        left=convolution.pad_left,
        cores=cores,
    )
    rewritten = replace(
        convolution,
        input=target,
        input_size=size,
        form=KernelForm.DENSE,
        weights=weights,
        stride=1,
        pad_top=0,
        pad_left=0,
        model_stride=convolution.stride,
    )
    return job, rewritten


def _sharing_cores(convolution: Convolution, size: Size, channels: int, core: NpuCore) -> int:
    """As many TP cores as can share the job so that each one's part holds something of the image."""
    axis = largest_axis(size.width, size.height, channels)
    outputs = (size.width, size.height, channels)[axis]
    if axis == CHANNEL_AXIS:
        return min(core.tp_core_count, outputs)
    image = (convolution.input_size.width, convolution.input_size.height)[axis]
    before = (convolution.pad_left, convolution.pad_top)[axis]
    for cores in range(min(core.tp_core_count, outputs), 1, -1):
        *_, last = shares(outputs, cores)
        if BLOCK * last.start - before < image:
            return cores
    return 1
