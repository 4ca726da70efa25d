"""Element by element, normalisations and reductions."""

from typing import Any

from npu_hal.api import (
    Abs,
    Add,
    ArgMax,
    ArgMin,
    Cast,
    Dequantize,
    Div,
    Elu,
    Exp,
    Floor,
    FullyConnected,
    HardSwish,
    L2Normalization,
    LocalResponseNormalization,
    Log,
    Logistic,
    LogSoftmax,
    Maximum,
    Mean,
    Minimum,
    Mul,
    Neg,
    Prelu,
    Quantize,
    ReduceMax,
    ReduceMin,
    Relu,
    Relu6,
    ReluN1To1,
    Rsqrt,
    Softmax,
    Sqrt,
    Sub,
    Sum,
    Tanh,
    Transpose,
    UnsupportedOperation,
)
from npu_hal_nnapi.errors import bad_data
from npu_hal_nnapi.lowering.context import OperationContext

Unary = type[
    Abs
    | Cast
    | Dequantize
    | Exp
    | Floor
    | HardSwish
    | Log
    | Logistic
    | Neg
    | Quantize
    | Relu
    | Relu6
    | ReluN1To1
    | Rsqrt
    | Sqrt
    | Tanh
]

Arithmetic = type[Add | Div | Mul | Sub]
Reduction = type[Mean | ReduceMax | ReduceMin | Sum]


def lower_unary(context: OperationContext, kind: Unary) -> None:
    """(input)."""
    context.append(kind(input=context.tensor(0), output=context.result()))


def lower_elu(context: OperationContext) -> None:
    """(input, alpha)."""
    if context.number(1) != 1.0:
        raise UnsupportedOperation("ELU with an alpha other than 1 is not supported")
    context.append(Elu(input=context.tensor(0), output=context.result()))


def lower_arithmetic(context: OperationContext, kind: Arithmetic) -> None:
    """(lhs, rhs, activation)."""
    lhs, rhs = context.tensor(0), context.tensor(1)
    context.append(kind(lhs=lhs, rhs=rhs, output=context.result(), activation=context.activation(2)))


def lower_extremum(context: OperationContext, kind: type[Maximum | Minimum]) -> None:
    """(lhs, rhs)."""
    lhs, rhs = context.tensor(0), context.tensor(1)
    context.append(kind(lhs=lhs, rhs=rhs, output=context.result()))


def lower_prelu(context: OperationContext) -> None:
    """(input, alpha)."""
    x, alpha = context.tensor(0), context.tensor(1)
    context.append(Prelu(input=x, alpha=alpha, output=context.result()))


def lower_fully_connected(context: OperationContext) -> None:
    """(input, weights, bias, activation)."""
    x, weights, bias = context.tensor(0), context.tensor(1), context.optional_tensor(2)
    activation = context.activation(3)
    context.append(FullyConnected(input=x, weights=weights, bias=bias, output=context.result(), activation=activation))


def lower_softmax(context: OperationContext) -> None:
    """(input, beta[, axis])."""
    beta = context.number(1)
    if not beta > 0:
        raise bad_data(f"beta is {beta}, not above 0")
    _along_last_axis(context, 2, lambda x, y: Softmax(input=x, output=y, beta=beta))


def lower_log_softmax(context: OperationContext) -> None:
    """(input, beta, axis); beta scales what the exponential is taken of."""
    if context.number(1) != 1.0:
        raise UnsupportedOperation("LOG_SOFTMAX with a beta other than 1 is not supported")
    _along_last_axis(context, 2, lambda x, y: LogSoftmax(input=x, output=y))


def _along_last_axis(context: OperationContext, position: int, make: Any) -> None:
    """Add ``make(input, output)``, which works along the last axis, for the axis that an argument names."""
    shape = context.shape(0)
    rank = len(shape)
    axis = context.axis(position, rank) if context.has(position) else rank - 1
    if axis == rank - 1:
        x = context.tensor(0)
        context.append(make(x, context.result()))
        return
    order = (*(other for other in range(rank) if other != axis), axis)
    x = context.transposed(context.tensor(0), order, like=0)
    output = context.operation.outputs[0]
    y = context.temporary(context.graph.dtype_of(output), context.graph.quantization_of(output))
    context.append(make(x, y))
    back = tuple(order.index(axis) for axis in range(rank))
    context.append(Transpose(input=y, output=context.result(), permutation=back))


def lower_l2_normalization(context: OperationContext) -> None:
    """(input[, axis])."""
    rank = len(context.shape(0))
    axis = context.axis(1, rank) if context.has(1) else rank - 1
    x = context.tensor(0)
    context.append(L2Normalization(input=x, output=context.result(), axis=axis))


def lower_local_response_normalization(context: OperationContext) -> None:
    """(input, radius, bias, alpha, beta[, axis])."""
    rank = len(context.shape(0))
    if context.has(5) and context.axis(5, rank) != rank - 1:
        raise UnsupportedOperation("LOCAL_RESPONSE_NORMALIZATION along another axis than the last is not supported")
    radius = context.integer(1)
    bias, alpha, beta = (context.number(position) for position in range(2, 5))
    x = context.tensor(0)
    context.append(
        LocalResponseNormalization(input=x, output=context.result(), radius=radius, bias=bias, alpha=alpha, beta=beta)
    )


def lower_reduction(context: OperationContext, kind: Reduction) -> None:
    """(input, axes, keep dimensions)."""
    rank = len(context.shape(0))
    axes = context.integers(1)
    if any(not -rank <= axis < rank for axis in axes):
        raise bad_data(f"axes {list(axes)} are not all inside of a tensor of {rank} dimensions")
    keep = context.boolean(2)
    unique = tuple(sorted({axis % rank for axis in axes}))
    x = context.tensor(0)
    context.append(kind(input=x, output=context.result(), axes=unique, keep_dims=keep))


def lower_arg_extremum(context: OperationContext, kind: type[ArgMax | ArgMin]) -> None:
    """(input, axis)."""
    axis = context.axis(1, len(context.shape(0)))
    x = context.tensor(0)
    context.append(kind(input=x, output=context.result(), axis=axis))
