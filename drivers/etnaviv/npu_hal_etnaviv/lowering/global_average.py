"""Rule: a mean over whole channels, on a core without native depthwise, is one small convolution.

The planar channels, one below the other, are a single image of one channel. A kernel as large as one of them, all
ones, gives a sum for each row; those at the top row of a channel are the wanted ones, and a TP job picks them.
As a dense kernel for each channel, the same would take channels^2 weights.
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from npu_hal_etnaviv.hardware.npu_core import NpuCore
from npu_hal_etnaviv.jobs.image import PLANAR, Image
from npu_hal_etnaviv.jobs.nn_job import KernelForm, Size
from npu_hal_etnaviv.jobs.tp_job import PickBytes
from npu_hal_etnaviv.lowering.context import LoweringContext
from npu_hal_etnaviv.lowering.convolution import Convolution
from npu_hal_etnaviv.lowering.flat_image import LARGEST_SIDE
from npu_hal_etnaviv.lowering.rewriting import emit_convolution
from npu_hal_etnaviv.lowering.shape import HWC


def averages_stacked_channels(core: NpuCore, image: HWC, window: tuple[int, int]) -> bool:
    """Whether the rule applies to means over windows (height, width) of an image."""
    is_global = window == (image.height, image.width)
    return is_global and image.channels > 1 and not core.has_native_depthwise


def emit_global_average(source: Image, target: Image, rescale: float, context: LoweringContext, *, relu: bool) -> None:
    """Jobs for as many channels at a time as the size fields hold rows."""
    for start, count in _channel_groups(source):
        rows = count * source.height
        stacked = context.part_of(
            source,
            start * source.plane,
            replace(source, name=f"{source.name}, channels {start} on", height=rows, channels=1),
        )
        sums = Image(
            f"means of {source.name}, channels {start} on",
            rows - source.height + 1,
            1,
            1,
            PLANAR,
            target.zero_point,
            target.scale,
        )
        emit_convolution(
            Convolution(
                label=sums.name,
                input=stacked,
                output=sums,
                input_size=Size(source.width, rows, 1),
                output_size=Size(1, sums.height, 1),
                form=KernelForm.DENSE,
                weights=np.ones((1, 1, source.height, source.width), np.uint8),
                weight_zero_point=0,
                bias=np.zeros(1, np.int32),
                rescale=rescale,
                relu=relu,
            ),
            context,
        )
        picked = replace(target, name=f"{target.name}, channels {start} on", channels=count)
        context.emit(PickBytes(sums, context.part_of(target, start, picked), step=source.height))


def _channel_groups(image: Image) -> Iterator[tuple[int, int]]:
    """(first channel, channels) of the parts whose rows fit the size fields."""
    at_a_time = LARGEST_SIDE // image.height
    for start in range(0, image.channels, at_a_time):
        yield start, min(at_a_time, image.channels - start)
