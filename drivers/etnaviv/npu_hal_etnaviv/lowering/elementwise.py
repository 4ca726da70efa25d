"""RELU, RELU6 and QUANTIZE as a convolution with one tap: another scale, another zero point, a clamp."""

import numpy as np

from npu_hal.api import Quantize, Relu, Relu6
from npu_hal_etnaviv.jobs.image import Image
from npu_hal_etnaviv.jobs.nn_job import KernelForm, Size
from npu_hal_etnaviv.lowering.context import LoweringContext
from npu_hal_etnaviv.lowering.convolution import Convolution
from npu_hal_etnaviv.lowering.flat_image import flat_image
from npu_hal_etnaviv.lowering.rewriting import emit_convolution

WEIGHT = 128
"""The tap. Its size brings scale factors of 1 and more into the range of the multiplier."""


def lower_relu(operation: Relu | Relu6, context: LoweringContext) -> None:
    """Rescales and clamps at zero."""
    source = context.planar(operation.input)
    emit_rescaling(source, context.new_planar(operation.output), context, relu=True)


def lower_quantize(operation: Quantize, context: LoweringContext) -> None:
    """From one 8-bit quantisation to another; int8 and uint8 differ in nothing else."""
    source = context.planar(operation.input)
    emit_rescaling(source, context.new_planar(operation.output), context)


def emit_rescaling(source: Image, target: Image, context: LoweringContext, *, relu: bool = False) -> None:
    """A job that brings `source` to the quantisation of `target`, an image of the same shape."""
    flat = flat_image(source.height, source.width, source.channels)
    if flat is None:
        raise AssertionError(f"{source.name} was accepted although no flat image holds it")
    emit_convolution(
        Convolution(
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
            relu=relu,
        ),
        context,
    )


def rescaling_factor(source_scale: float, target_scale: float) -> float:
    """The factor from products with `WEIGHT` to output values, in float32."""
    return float(np.float32(source_scale / (WEIGHT * target_scale)))
