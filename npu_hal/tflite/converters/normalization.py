"""L2_NORMALIZATION and LOCAL_RESPONSE_NORMALIZATION."""

from npu_hal.api import Activation, InvalidGraph, L2Normalization, LocalResponseNormalization, UnsupportedOperation
from npu_hal.tflite.converters.operands import Operands


def convert_l2_normalization(operands: Operands) -> L2Normalization:
    """Along the last axis, always."""
    if operands.activation() is not Activation.NONE:
        raise UnsupportedOperation(f"{operands.name} with a fused activation is not supported; fuse none")
    rank = operands.tensor(operands.only_input()).rank
    if not rank:
        raise InvalidGraph(f"{operands.name} has a scalar as its input")
    return L2Normalization(**operands.input_and_output(), axis=rank - 1)


def convert_local_response_normalization(operands: Operands) -> LocalResponseNormalization:
    """Along the last axis, always."""
    return LocalResponseNormalization(
        **operands.input_and_output(),
        radius=operands.integer("radius"),
        bias=operands.real("bias"),
        alpha=operands.real("alpha"),
        beta=operands.real("beta"),
    )
