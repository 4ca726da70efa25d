"""Arithmetic, activations, SOFTMAX, QUANTIZE and DEQUANTIZE."""

from collections.abc import Callable
from typing import Any

from npu_hal.api import AnyOperation, LeakyRelu, Prelu, Softmax
from npu_hal.tflite.converters.operands import Operands


def binary(operation: Callable[..., AnyOperation]) -> Callable[[Operands], AnyOperation]:
    """The converter of an operator with two inputs and a fused activation."""

    def convert(operands: Operands) -> AnyOperation:
        lhs, rhs = operands.required_inputs(2)
        return operation(lhs=lhs, rhs=rhs, output=operands.only_output(), activation=operands.activation())

    return convert


def plain_binary(operation: Callable[..., AnyOperation]) -> Callable[[Operands], AnyOperation]:
    """The converter of an operator with two inputs and no attributes."""

    def convert(operands: Operands) -> AnyOperation:
        lhs, rhs = operands.required_inputs(2)
        return operation(lhs=lhs, rhs=rhs, output=operands.only_output())

    return convert


def unary(operation: Callable[..., AnyOperation]) -> Callable[[Operands], AnyOperation]:
    """The converter of an operator with one input and no attributes."""

    def convert(operands: Operands) -> AnyOperation:
        return operation(**input_and_output(operands))

    return convert


def convert_softmax(operands: Operands) -> Softmax:
    """Along the last axis, always."""
    return Softmax(**input_and_output(operands), beta=operands.real("beta"))


def convert_leaky_relu(operands: Operands) -> LeakyRelu:
    """Option: alpha."""
    return LeakyRelu(**input_and_output(operands), alpha=operands.real("alpha"))


def convert_prelu(operands: Operands) -> Prelu:
    """Inputs: input, alpha."""
    x, alpha = operands.required_inputs(2)
    return Prelu(input=x, alpha=alpha, output=operands.only_output())


def input_and_output(operands: Operands) -> dict[str, Any]:
    """The fields of an operation with one input and one output."""
    return {"input": operands.only_input(), "output": operands.only_output()}
