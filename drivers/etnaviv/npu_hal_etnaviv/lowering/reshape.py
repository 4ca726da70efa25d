"""RESHAPE as placement: the same interleaved bytes under another shape."""

from npu_hal.api import Reshape
from npu_hal_etnaviv.jobs.image import INTERLEAVED
from npu_hal_etnaviv.lowering.context import LoweringContext


def lower_reshape(operation: Reshape, context: LoweringContext) -> None:
    """The input's interleaved image is the output's; where one position or channel is all, planar is the same."""
    source = context.interleaved(operation.input)
    image = context.part_of(source, 0, context.new_image(operation.output, INTERLEAVED))
    context.define_interleaved(operation.output, image)
