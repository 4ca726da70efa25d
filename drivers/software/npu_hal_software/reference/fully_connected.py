"""FULLY_CONNECTED: ``y[b, o] = bias[o] + sum over i of x[b, i] * w[o, i]``.

Integer sums become stored values as in `weighted_sum`, but with a single rounding, ties away from zero.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from npu_hal.api import Array, DType, FullyConnected, Tensor
from npu_hal_software.reference.integer_product import IntegerMatrix
from npu_hal_software.reference.kernel import Kernel, prepare_early
from npu_hal_software.reference.quantized import OutputStage, zero_point_of
from npu_hal_software.reference.weighted_sum import (
    centred_weights,
    largest_centred,
    product_multiplier,
    weighted_sum_refusal,
)

Sums = Callable[[NDArray[np.float32]], NDArray[Any]]


def compile_fully_connected(operation: FullyConnected, tensors: Sequence[Tensor]) -> Kernel:
    """The kernel of a fully connected layer."""
    if tensors[operation.input].dtype is DType.FLOAT32:
        return _compile_float(operation, tensors)
    return _compile_quantised(operation, tensors)


def _compile_float(operation: FullyConnected, tensors: Sequence[Tensor]) -> Kernel:
    low, high = operation.activation.bounds

    def run(inputs: Sequence[Array], outputs: Sequence[Array]) -> None:
        x, weights = inputs[0], inputs[1]
        sums = x.reshape(-1, weights.shape[1]) @ weights.T
        if len(inputs) == 3:
            sums += inputs[2].reshape(-1)
        np.clip(sums, low, high, out=outputs[0].reshape(sums.shape))

    return run


def _compile_quantised(operation: FullyConnected, tensors: Sequence[Tensor]) -> Kernel:
    x, weights, y = (tensors[index] for index in (operation.input, operation.weights, operation.output))

    def prepare(stored: Array, bias: Array | None = None) -> Sums:
        matrix = IntegerMatrix.for_factors_up_to(largest_centred(x), centred_weights(stored, weights).T)
        if bias is None:
            return matrix.multiplied_from_left
        return lambda left: matrix.multiplied_from_left(left) + bias.reshape(-1)

    prepared = prepare_early(prepare, tensors, operation.inputs)
    real = product_multiplier(x, weights, y, rounds_product=False)
    stage = OutputStage.to(y, real, operation.activation, rounds_once=True)
    zero_point = np.float32(zero_point_of(x))
    depth = weights.shape[1]

    def run(inputs: Sequence[Array], outputs: Sequence[Array]) -> None:
        sums = prepared(inputs)(inputs[0].reshape(-1, depth) - zero_point)
        stage.store(sums, outputs[0].reshape(sums.shape))

    return run


def fully_connected_refusal(operation: FullyConnected, tensors: Sequence[Tensor]) -> str:
    """Why a fully connected layer is not defined: scales out of range; or ""."""
    return weighted_sum_refusal(*(tensors[index] for index in (operation.input, operation.weights, operation.output)))
