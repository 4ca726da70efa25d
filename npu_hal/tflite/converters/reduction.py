"""MEAN, SUM and other reductions, ARG_MAX and ARG_MIN."""

from collections.abc import Callable
from typing import TypeVar

from npu_hal.api import Operation
from npu_hal.tflite.converters.operands import Operands

_Kind = TypeVar("_Kind", bound=Operation)


def reduction(operation: Callable[..., _Kind]) -> Callable[[Operands], _Kind]:
    """The converter of a reduction. Inputs: input, axes."""

    def convert(operands: Operands) -> _Kind:
        x, axes = operands.required_inputs(2)
        rank = operands.tensor(x).rank
        reduced = {operands.axis(axis, rank) for axis in operands.constant_integers(axes, "axes")}
        return operation(
            input=x, output=operands.only_output(), axes=tuple(sorted(reduced)), keep_dims=operands.flag("keep_dims")
        )

    return convert


def arg_extremum(operation: Callable[..., _Kind]) -> Callable[[Operands], _Kind]:
    """The converter of ARG_MAX or ARG_MIN. Inputs: input, axis."""

    def convert(operands: Operands) -> _Kind:
        x, axis_tensor = operands.required_inputs(2)
        axis = operands.axis(operands.constant_integer(axis_tensor, "axis"), operands.tensor(x).rank)
        return operation(input=x, output=operands.only_output(), axis=axis)

    return convert
