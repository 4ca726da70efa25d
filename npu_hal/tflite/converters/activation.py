"""LEAKY_RELU and PRELU."""

from npu_hal.api import LeakyRelu, Prelu
from npu_hal.tflite.converters.operands import Operands


def convert_leaky_relu(operands: Operands) -> LeakyRelu:
    """Option: alpha."""
    return LeakyRelu(**operands.input_and_output(), alpha=operands.real("alpha"))


def convert_prelu(operands: Operands) -> Prelu:
    """Inputs: input, alpha."""
    x, alpha = operands.required_inputs(2)
    return Prelu(input=x, alpha=alpha, output=operands.only_output())
