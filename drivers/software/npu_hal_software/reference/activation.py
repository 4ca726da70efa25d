"""RELU, RELU6, RELU_N1_TO_1, LOGISTIC, TANH and ELU.

8-bit LOGISTIC, TANH and ELU (int8 only) are tables of 256 values, see `real_table`. 8-bit RELU, RELU6 and RELU_N1_TO_1
requantise in fixed point and clamp to the stored values of their real bounds.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from npu_hal.api import Activation, DType, Elu, Logistic, Relu, Relu6, ReluN1To1, Tanh, Tensor
from npu_hal_software.reference.byte_table import unary_by_table
from npu_hal_software.reference.kernel import Kernel
from npu_hal_software.reference.quantized import OutputStage, multiplier_problem, scale_of, zero_point_of
from npu_hal_software.reference.real_table import RealFunction, compile_real_table


def logistic(x: NDArray[Any]) -> NDArray[np.float32]:
    """``1 / (1 + exp(-x))``, the exponential rounded to float32 once."""
    with np.errstate(over="ignore"):
        exponential = np.exp(-x.astype(np.float64)).astype(np.float32)
    result: NDArray[np.float32] = np.float32(1) / (np.float32(1) + exponential)
    return result


def hyperbolic_tangent(x: NDArray[Any]) -> NDArray[np.float32]:
    """``tanh(x)``, rounded to float32 once."""
    return np.tanh(x.astype(np.float64)).astype(np.float32)


def exponential_linear(x: NDArray[Any]) -> NDArray[np.float32]:
    """``x`` where it is not negative, else ``exp(x) - 1``, rounded to float32 once."""
    below = np.expm1(np.minimum(x, 0).astype(np.float64)).astype(np.float32)
    return np.where(x < 0, below, x)


_FUNCTIONS: dict[str, RealFunction] = {
    "ELU": exponential_linear,
    "LOGISTIC": logistic,
    "TANH": hyperbolic_tangent,
}


def compile_smooth_activation(operation: Logistic | Tanh | Elu, tensors: Sequence[Tensor]) -> Kernel:
    """The kernel of LOGISTIC, TANH or ELU."""
    source, result = tensors[operation.input], tensors[operation.output]
    function = _FUNCTIONS[operation.kind]
    if source.dtype is DType.FLOAT32:
        return lambda inputs, outputs: np.copyto(outputs[0], function(inputs[0]))
    return compile_real_table(source, result, function)


def elu_refusal(operation: Elu, tensors: Sequence[Tensor]) -> str:
    """The table is for int8."""
    return "ELU of uint8 is not defined; int8 is" if tensors[operation.input].dtype is DType.UINT8 else ""


_BOUNDS = {"RELU": Activation.RELU, "RELU6": Activation.RELU6, "RELU_N1_TO_1": Activation.RELU_N1_TO_1}


def compile_relu(operation: Relu | Relu6 | ReluN1To1, tensors: Sequence[Tensor]) -> Kernel:
    """The kernel of RELU, RELU6 or RELU_N1_TO_1."""
    source, result = tensors[operation.input], tensors[operation.output]
    activation = _BOUNDS[operation.kind]
    if source.dtype is DType.FLOAT32:
        low, high = activation.bounds
        return lambda inputs, outputs: np.copyto(outputs[0], np.clip(inputs[0], low, high))
    stage = OutputStage.to(result, _scale_ratio(source, result), activation)

    def stored(values: NDArray[np.int32]) -> NDArray[Any]:
        return stage.apply(values - zero_point_of(source)).astype(result.dtype.numpy)

    return unary_by_table(source.dtype, stored)


def _scale_ratio(source: Tensor, result: Tensor) -> np.float64:
    # The quotient is taken in float32.
    return np.float64(scale_of(source) / scale_of(result))


def relu_refusal(operation: Relu | Relu6 | ReluN1To1, tensors: Sequence[Tensor]) -> str:
    """Why the input cannot be brought to the output's scale, or ""."""
    source, result = tensors[operation.input], tensors[operation.output]
    return multiplier_problem(_scale_ratio(source, result)) if source.dtype.is_quantised8 else ""
