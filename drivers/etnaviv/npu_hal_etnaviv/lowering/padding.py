"""PAD of height and width as a TP job."""

from dataclasses import replace

from npu_hal.api import Pad
from npu_hal_etnaviv.jobs import tp_job
from npu_hal_etnaviv.jobs.image import PLANAR
from npu_hal_etnaviv.lowering.context import LoweringContext


def lower_pad(operation: Pad, context: LoweringContext) -> None:
    """Rows and columns of the zero point around each channel."""
    source = context.planar(operation.input)
    target = replace(context.new_image(operation.output, PLANAR), zero_point=source.zero_point)
    context.define_planar(operation.output, target)
    (top, _), (left, _) = operation.paddings[1:3]
    context.emit(
        tp_job.Pad(
            input=source,
            output=target,
            top=top,
            left=left,
            cores=min(context.core.tp_core_count, source.channels),
            input_zero_point=source.zero_point,
            output_zero_point=target.zero_point,
        )
    )
