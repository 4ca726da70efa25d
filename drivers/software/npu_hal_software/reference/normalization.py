"""L2_NORMALIZATION, and LOCAL_RESPONSE_NORMALIZATION of float32 values."""

from collections.abc import Sequence

import numpy as np

from npu_hal.api import Array, DType, L2Normalization, LocalResponseNormalization, Tensor
from npu_hal_software.reference.fixed_point import INT32_MAX, FixedPointMultiplier
from npu_hal_software.reference.fixed_point_rsqrt import reciprocal_square_root
from npu_hal_software.reference.kernel import Kernel
from npu_hal_software.reference.quantized import scale_of, zero_point_of

_SMALLEST_NORM = np.float32(1e-6)
_STEP_BITS = 7
_OUTPUT_SCALE = np.float32(1 / (1 << _STEP_BITS))
_OUTPUT_ZERO_POINTS = {DType.UINT8: 128, DType.INT8: 0}
# Of the difference of a value and its zero point.
_LARGEST_SQUARE = 255**2


def compile_l2_normalization(operation: L2Normalization, tensors: Sequence[Tensor]) -> Kernel:
    """The kernel of ``x / max(sqrt(sum(x**2)), 1e-6)``."""
    source = tensors[operation.input]
    if source.dtype is not DType.FLOAT32:
        return _compile_quantised_l2_normalization(source, operation.axis)

    def run(inputs: Sequence[Array], outputs: Sequence[Array]) -> None:
        squares = np.square(inputs[0]).sum(axis=operation.axis, keepdims=True, dtype=np.float32)
        np.divide(inputs[0], np.maximum(np.sqrt(squares), _SMALLEST_NORM), out=outputs[0])

    return run


def _compile_quantised_l2_normalization(source: Tensor, axis: int) -> Kernel:
    """The input's scale does not matter; the output has 128 steps to 1.

    Unsigned values are multiplied by 128 before they are by the reciprocal root, signed ones with it, which rounds
    otherwise.
    """
    zero_point = zero_point_of(source)
    low, high = source.dtype.integer_range
    output_zero_point = _OUTPUT_ZERO_POINTS[source.dtype]
    before = _STEP_BITS if source.dtype is DType.UINT8 else 0

    def run(inputs: Sequence[Array], outputs: Sequence[Array]) -> None:
        x = inputs[0].astype(np.int64) - zero_point
        squares = np.square(x).sum(axis=axis, keepdims=True)
        # A vector of zeros stays one.
        roots = reciprocal_square_root(np.maximum(squares, 1))
        multiplier = FixedPointMultiplier(roots.significands, roots.exponents + _STEP_BITS - before)
        steps = multiplier.multiply(x << before)
        np.clip(steps + output_zero_point, low, high, out=outputs[0], casting="unsafe")

    return run


def l2_normalization_refusal(operation: L2Normalization, tensors: Sequence[Tensor]) -> str:
    """8-bit outputs have TensorFlow Lite's scale and zero point, and sums of squares fit int32."""
    source, result = tensors[operation.input], tensors[operation.output]
    if source.dtype is DType.FLOAT32:
        return ""
    expected = _OUTPUT_ZERO_POINTS[source.dtype]
    if scale_of(result) != _OUTPUT_SCALE or zero_point_of(result) != expected:
        return (
            f"its output has scale {scale_of(result):g} and zero point {zero_point_of(result)}; L2_NORMALIZATION of "
            f"{source.dtype} has 1/128 and {expected}"
        )
    length = source.shape[operation.axis]
    if length * _LARGEST_SQUARE > INT32_MAX:
        return f"the squares of {length} values may sum up to more than int32 holds"
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
