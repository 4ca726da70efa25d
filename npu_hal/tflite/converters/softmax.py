"""SOFTMAX."""

from npu_hal.api import Softmax
from npu_hal.tflite.converters.operands import Operands


def convert_softmax(operands: Operands) -> Softmax:
    """Along the last axis, always."""
    return Softmax(**operands.input_and_output(), beta=operands.real("beta"))
