"""Operations on every element by itself: arithmetic, activations and changes of type."""

from collections.abc import Sequence

from npu_hal.api import (
    Abs,
    Add,
    AnyOperation,
    Cast,
    ComplexAbs,
    Dequantize,
    Div,
    Elu,
    Exp,
    Floor,
    FloorDiv,
    HardSwish,
    LeakyRelu,
    Log,
    Logistic,
    Maximum,
    Minimum,
    Mul,
    Neg,
    Prelu,
    Quantize,
    Relu,
    Relu6,
    ReluN1To1,
    Rsqrt,
    Sqrt,
    SquaredDifference,
    Sub,
    Tanh,
    Tensor,
)

from ..file_parts import TENSOR_TYPES
from .arguments import AddConstant, OperatorArguments, fused_activation


def elementwise_arguments(
    operation: AnyOperation, tensors: Sequence[Tensor], constant: AddConstant
) -> OperatorArguments | None:
    """None for kinds of other families."""
    match operation:
        case Add() | Sub() | Mul() | Div():
            options = fused_activation(operation.activation)
            return OperatorArguments(operation.inputs, f"{type(operation).__name__}Options", options)
        case FloorDiv() | SquaredDifference() | Minimum() | Maximum():
            return OperatorArguments(operation.inputs)
        case Abs() | ComplexAbs() | Exp() | Floor() | Log() | Neg() | Rsqrt() | Sqrt():
            return OperatorArguments(operation.inputs)
        case Elu() | HardSwish() | Logistic() | Prelu() | Relu() | Relu6() | ReluN1To1() | Tanh():
            return OperatorArguments(operation.inputs)
        case LeakyRelu():
            return OperatorArguments(operation.inputs, "LeakyReluOptions", {"Alpha": operation.alpha})
        case Quantize() | Dequantize():
            return OperatorArguments(operation.inputs)
        case Cast():
            options = {
                "InDataType": TENSOR_TYPES[tensors[operation.input].dtype],
                "OutDataType": TENSOR_TYPES[tensors[operation.output].dtype],
            }
            return OperatorArguments(operation.inputs, "CastOptions", options)
        case _:
            return None
