"""LEAKY_RELU and PRELU: x where it is not negative, else alpha * x.

8-bit, with x' = x - zero_point_x as stored: ``round(x' * scale_x / scale_y)`` where x' is not negative, else
``round(x' * alpha * scale_x / scale_y)`` (LEAKY_RELU) or ``round(x' * a' * scale_x * scale_a / scale_y)`` (PRELU, a'
the centred alpha), plus zero_point_y, clamped. Roundings are `FixedPointMultiplier.multiply`.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from npu_hal.api import Array, DType, LeakyRelu, Prelu, Tensor
from npu_hal_software.reference.byte_table import unary_by_table
from npu_hal_software.reference.kernel import Kernel
from npu_hal_software.reference.quantized import OutputStage, multiplier_problem, scale_of, zero_point_of


def compile_leaky_relu(operation: LeakyRelu, tensors: Sequence[Tensor]) -> Kernel:
    """The kernel of LEAKY_RELU."""
    source, result = tensors[operation.input], tensors[operation.output]
    alpha = np.float32(operation.alpha)
    if source.dtype is DType.FLOAT32:
        return lambda inputs, outputs: np.copyto(outputs[0], np.where(inputs[0] > 0, inputs[0], inputs[0] * alpha))
    positive = OutputStage.to(result, _ratio(source, result))
    # A negative factor is applied as a positive one to the negated value.
    negative = OutputStage.to(result, np.abs(_leaky_multiplier(alpha, source, result)))
    sign = -1 if alpha < 0 else 1

    def stored(values: NDArray[np.int32]) -> NDArray[Any]:
        centred = values - zero_point_of(source)
        chosen = np.where(centred >= 0, positive.apply(centred), negative.apply(sign * centred))
        return chosen.astype(result.dtype.numpy)

    return unary_by_table(source.dtype, stored)


def compile_prelu(operation: Prelu, tensors: Sequence[Tensor]) -> Kernel:
    """The kernel of PRELU."""
    source, alpha, result = (tensors[index] for index in (operation.input, operation.alpha, operation.output))
    if source.dtype is DType.FLOAT32:

        def run_float(inputs: Sequence[Array], outputs: Sequence[Array]) -> None:
            outputs[0][...] = np.where(inputs[0] >= 0, inputs[0], inputs[0] * inputs[1])

        return run_float
    positive = OutputStage.to(result, _ratio(source, result))
    negative = OutputStage.to(result, _prelu_multiplier(source, alpha, result))

    def run(inputs: Sequence[Array], outputs: Sequence[Array]) -> None:
        x = inputs[0].astype(np.int32) - zero_point_of(source)
        slope = inputs[1].astype(np.int32) - zero_point_of(alpha)
        outputs[0][...] = np.where(x >= 0, positive.apply(x), negative.apply(x * slope))

    return run


def _ratio(source: Tensor, result: Tensor) -> np.float64:
    # Quotients and products of scales are taken in float32.
    return np.float64(scale_of(source) / scale_of(result))


def _leaky_multiplier(alpha: np.float32, source: Tensor, result: Tensor) -> np.float64:
    return np.float64(scale_of(source) * alpha / scale_of(result))


def _prelu_multiplier(source: Tensor, alpha: Tensor, result: Tensor) -> np.float64:
    return np.float64(scale_of(source) * scale_of(alpha) / scale_of(result))


def leaky_relu_refusal(operation: LeakyRelu, tensors: Sequence[Tensor]) -> str:
    """Why the input cannot be brought to the output's scale, or ""."""
    source, result = tensors[operation.input], tensors[operation.output]
    if source.dtype is DType.FLOAT32:
        return ""
    slope = np.abs(_leaky_multiplier(np.float32(operation.alpha), source, result))
    return multiplier_problem([_ratio(source, result), slope])


def prelu_refusal(operation: Prelu, tensors: Sequence[Tensor]) -> str:
    """Why the operands cannot be brought to the output's scale, or ""."""
    source, alpha, result = (tensors[index] for index in (operation.input, operation.alpha, operation.output))
    if source.dtype is DType.FLOAT32:
        return ""
    return multiplier_problem([_ratio(source, result), _prelu_multiplier(source, alpha, result)])
