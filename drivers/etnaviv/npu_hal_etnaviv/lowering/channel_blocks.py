"""Rule: a depthwise convolution of many channels, as a dense one, is cut into blocks of channels.

As dense kernels, C channels take C^2 times the weights of one, most of them zero points; in blocks of B channels, C * B
times. Planar channels are contiguous, so a block is a part of the images, and a job of its own.
"""

from collections.abc import Iterator
from dataclasses import replace

from npu_hal_etnaviv.jobs.nn_job import KernelForm
from npu_hal_etnaviv.lowering.context import LoweringContext
from npu_hal_etnaviv.lowering.convolution import Convolution

BLOCK_CHANNELS = 256
"""Heuristic: halves the coefficients of MobileNet's 512-channel layers for one more job each."""


def channel_blocks(convolution: Convolution, context: LoweringContext) -> Iterator[Convolution]:
    """The convolution itself, or its blocks; applies to diagonal kernels of more than `BLOCK_CHANNELS` channels."""
    channels = convolution.output_size.channels
    if convolution.form is not KernelForm.DIAGONAL or channels <= BLOCK_CHANNELS:
        yield convolution
        return
    source, target = convolution.input, convolution.output
    for start in range(0, channels, BLOCK_CHANNELS):
        count = min(BLOCK_CHANNELS, channels - start)
        label = f"channels {start} on"
        yield replace(
            convolution,
            label=f"{convolution.label}, {label}",
            input=context.part_of(
                source, start * source.plane, replace(source, name=f"{source.name}, {label}", channels=count)
            ),
            output=context.part_of(
                target, start * target.plane, replace(target, name=f"{target.name}, {label}", channels=count)
            ),
            input_size=replace(convolution.input_size, channels=count),
            output_size=replace(convolution.output_size, channels=count),
            weights=convolution.weights[start : start + count],
            bias=convolution.bias[start : start + count],
        )
