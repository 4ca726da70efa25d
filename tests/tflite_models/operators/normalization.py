"""Operations that normalise along an axis."""

from collections.abc import Sequence

from npu_hal.api import AnyOperation, L2Normalization, LogSoftmax, Softmax, Tensor

from .arguments import AddConstant, OperatorArguments


def normalization_arguments(
    operation: AnyOperation, tensors: Sequence[Tensor], constant: AddConstant
) -> OperatorArguments | None:
    """None for kinds of other families."""
    match operation:
        case L2Normalization():
            if operation.axis != tensors[operation.input].rank - 1:
                raise ValueError("the schema normalises along the last axis alone")
            return OperatorArguments(operation.inputs, "L2NormOptions")
        case Softmax():
            return OperatorArguments(operation.inputs, "SoftmaxOptions", {"Beta": operation.beta})
        case LogSoftmax():
            return OperatorArguments(operation.inputs)
        case _:
            return None
