"""Operators of one or two inputs with no attributes but a fused activation."""

from collections.abc import Callable
from typing import TypeVar

from npu_hal.api import Operation
from npu_hal.tflite.converters.operands import Operands

_Kind = TypeVar("_Kind", bound=Operation)


def binary(operation: Callable[..., _Kind]) -> Callable[[Operands], _Kind]:
    """The converter of an operator with two inputs and a fused activation."""

    def convert(operands: Operands) -> _Kind:
        lhs, rhs = operands.required_inputs(2)
        return operation(lhs=lhs, rhs=rhs, output=operands.only_output(), activation=operands.activation())

    return convert


def plain_binary(operation: Callable[..., _Kind]) -> Callable[[Operands], _Kind]:
    """The converter of an operator with two inputs and no attributes."""

    def convert(operands: Operands) -> _Kind:
        lhs, rhs = operands.required_inputs(2)
        return operation(lhs=lhs, rhs=rhs, output=operands.only_output())

    return convert


def unary(operation: Callable[..., _Kind]) -> Callable[[Operands], _Kind]:
    """The converter of an operator with one input and no attributes."""

    def convert(operands: Operands) -> _Kind:
        return operation(**operands.input_and_output())

    return convert
