"""An image of another scale or zero point, by a convolution with one tap over the values in any order."""

import numpy as np

from npu_hal_etnaviv.jobs.image import Image
from npu_hal_etnaviv.jobs.nn_job import KernelForm, NNJob, Role, Size
from npu_hal_etnaviv.lowering.convolution import Convolution
from npu_hal_etnaviv.lowering.flat_image import flat_image
from npu_hal_etnaviv.lowering.single_channel_pointwise import widen_single_channel_pointwise

WEIGHT = 128
"""The tap. Its size brings scale factors of 1 and more into the range of the multiplier."""


def rescaling_job(source: Image, target: Image, *, relu: bool = False) -> NNJob:
    """The job that makes `target` of `source`, an image of the same shape and layout."""
    flat = flat_image(source.height, source.width, source.channels)
    if flat is None:
        raise AssertionError(f"{source.name} was accepted although no flat image holds it")
    convolution = Convolution(
        label=target.name,
        input=source,
        output=target,
        input_size=Size(*flat, 1),
        output_size=Size(*flat, 1),
        form=KernelForm.DENSE,
        weights=np.full((1, 1, 1, 1), WEIGHT, np.uint8),
        weight_zero_point=0,
        bias=np.zeros(1, np.int32),
        rescale=rescaling_factor(source.scale, target.scale),
        role=Role.CONVOLUTION,
        relu=relu,
    )
    return widen_single_channel_pointwise(convolution).job()


def rescaling_factor(source_scale: float, target_scale: float) -> float:
    """The factor from products with `WEIGHT` to output values, in float32."""
    return float(np.float32(source_scale / (WEIGHT * target_scale)))
