"""L2_NORMALIZATION and LOCAL_RESPONSE_NORMALIZATION of float32 values."""

from collections.abc import Sequence

import numpy as np

from npu_hal.api import Array, DType, L2Normalization, LocalResponseNormalization, Tensor
from npu_hal_software.reference.kernel import Kernel

_SMALLEST_NORM = np.float32(1e-6)


def compile_l2_normalization(operation: L2Normalization, tensors: Sequence[Tensor]) -> Kernel:
    """The kernel of ``x / max(sqrt(sum(x**2)), 1e-6)``."""

    def run(inputs: Sequence[Array], outputs: Sequence[Array]) -> None:
        squares = np.square(inputs[0]).sum(axis=operation.axis, keepdims=True, dtype=np.float32)
        np.divide(inputs[0], np.maximum(np.sqrt(squares), _SMALLEST_NORM), out=outputs[0])

    return run


def l2_normalization_refusal(operation: L2Normalization, tensors: Sequence[Tensor]) -> str:
    """Values are float32."""
    if tensors[operation.input].dtype is not DType.FLOAT32:
        return "L2_NORMALIZATION is defined for float32 values only"
    return ""


def compile_local_response_normalization(operation: LocalResponseNormalization, tensors: Sequence[Tensor]) -> Kernel:
    """The kernel of a normalisation over neighbouring channels."""
    radius = operation.radius
    bias, alpha, beta = (np.float32(value) for value in (operation.bias, operation.alpha, operation.beta))

    def run(inputs: Sequence[Array], outputs: Sequence[Array]) -> None:
        squares = np.square(inputs[0])
        channels = squares.shape[-1]
        sums = squares.copy()
        for distance in range(1, min(radius, channels - 1) + 1):
            sums[..., distance:] += squares[..., :-distance]
            sums[..., :-distance] += squares[..., distance:]
        np.multiply(inputs[0], np.power(bias + alpha * sums, -beta), out=outputs[0])

    return run
