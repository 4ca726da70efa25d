"""Reductions along axes."""

from collections.abc import Sequence

from npu_hal.api import AnyOperation, ArgMax, ArgMin, Mean, ReduceMax, ReduceMin, Sum, Tensor

from ..file_parts import TENSOR_TYPES
from .arguments import AddConstant, OperatorArguments


def reduction_arguments(
    operation: AnyOperation, tensors: Sequence[Tensor], constant: AddConstant
) -> OperatorArguments | None:
    """None for kinds of other families."""
    match operation:
        case Mean() | ReduceMax() | ReduceMin() | Sum():
            inputs = [*operation.inputs, constant(operation.axes)]
            return OperatorArguments(inputs, "ReducerOptions", {"KeepDims": operation.keep_dims})
        case ArgMax() | ArgMin():
            inputs = [*operation.inputs, constant(operation.axis)]
            options = {"OutputType": TENSOR_TYPES[tensors[operation.output].dtype]}
            return OperatorArguments(inputs, f"{type(operation).__name__}Options", options)
        case _:
            return None
