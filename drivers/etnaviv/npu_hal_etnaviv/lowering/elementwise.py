"""RELU, RELU6 and QUANTIZE: another scale, another zero point, a clamp."""

from npu_hal.api import Activation, Quantize, Relu, Relu6
from npu_hal_etnaviv.lowering.context import LoweringContext
from npu_hal_etnaviv.lowering.rescaling import rescaling_job


def lower_relu(operation: Relu | Relu6, context: LoweringContext) -> None:
    """Rescales and clamps at zero."""
    activation = Activation.RELU if isinstance(operation, Relu) else Activation.RELU6
    source = context.planar(operation.input)
    context.emit(rescaling_job(source, context.new_planar(operation.output, activation), relu=True))


def lower_quantize(operation: Quantize, context: LoweringContext) -> None:
    """From one 8-bit quantisation to another; int8 and uint8 differ in nothing else."""
    source = context.planar(operation.input)
    context.emit(rescaling_job(source, context.new_planar(operation.output)))
