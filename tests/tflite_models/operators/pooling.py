"""Poolings."""

from collections.abc import Sequence

from npu_hal.api import AnyOperation, AveragePool2D, MaxPool2D, Tensor

from .arguments import AddConstant, OperatorArguments
from .window import window_options


def pooling_arguments(
    operation: AnyOperation, tensors: Sequence[Tensor], constant: AddConstant
) -> OperatorArguments | None:
    """None for kinds of other families."""
    match operation:
        case AveragePool2D() | MaxPool2D():
            options = window_options(operation, tensors, operation.filter_hw, (1, 1))
            options |= {"FilterHeight": operation.filter_height, "FilterWidth": operation.filter_width}
            return OperatorArguments(operation.inputs, "Pool2DOptions", options)
        case _:
            return None
