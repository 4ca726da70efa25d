"""QUANTIZE and DEQUANTIZE.

Float32 to integer: ``clamp(round(x / scale) + zero_point)``, the quotient in float32, ties away from zero. NaN becomes
the zero point, and what is beyond the int32 range is clamped like the rest (TensorFlow Lite leaves both undefined).
Integer to integer: ``(x - zero_point_x) * scale_x / scale_y`` in fixed point. To float32: ``scale * (x - zero_point)``.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from npu_hal.api import Array, Dequantize, DType, Quantize, Tensor
from npu_hal_software.reference.byte_table import unary_by_table
from npu_hal_software.reference.fixed_point import round_half_away
from npu_hal_software.reference.kernel import Kernel
from npu_hal_software.reference.quantized import OutputStage, multiplier_problem, scale_of, zero_point_of


def compile_quantize(operation: Quantize, tensors: Sequence[Tensor]) -> Kernel:
    """The kernel of a quantisation or requantisation."""
    source, result = tensors[operation.input], tensors[operation.output]
    if source.dtype is DType.FLOAT32:
        return _compile_from_float(result)
    stage = OutputStage.to(result, _scale_ratio(source, result))

    def stored(values: NDArray[Any]) -> NDArray[Any]:
        return stage.apply(values.astype(np.int32) - zero_point_of(source)).astype(result.dtype.numpy)

    if source.dtype.is_quantised8:
        return unary_by_table(source.dtype, stored)
    return lambda inputs, outputs: np.copyto(outputs[0], stored(inputs[0]))


def _compile_from_float(result: Tensor) -> Kernel:
    low, high = result.dtype.integer_range
    scale, zero_point = scale_of(result), zero_point_of(result)

    def run(inputs: Sequence[Array], outputs: Sequence[Array]) -> None:
        # A quotient of rank 0 is a number of numpy's, which cannot be changed in place.
        steps = np.asarray(round_half_away(inputs[0] / scale))
        steps = np.nan_to_num(steps, copy=False, nan=0.0)
        outputs[0][...] = np.clip(steps + np.float32(zero_point), low, high)

    return run


def _scale_ratio(source: Tensor, result: Tensor) -> np.float64:
    return np.float64(scale_of(source)) / np.float64(scale_of(result))


def compile_dequantize(operation: Dequantize, tensors: Sequence[Tensor]) -> Kernel:
    """The kernel of a dequantisation, per tensor or per axis."""
    source = tensors[operation.input]
    quantization = source.affine()
    scales, zero_points = quantization.scale_array(), quantization.zero_point_array()
    if quantization.axis is not None:
        shape = [1] * source.rank
        shape[quantization.axis] = scales.size
        scales, zero_points = scales.reshape(shape), zero_points.reshape(shape)
    else:
        scales, zero_points = scales.reshape(()), zero_points.reshape(())

    def run(inputs: Sequence[Array], outputs: Sequence[Array]) -> None:
        np.multiply((inputs[0] - zero_points).astype(np.float32), scales, out=outputs[0])

    return run


def quantize_refusal(operation: Quantize, tensors: Sequence[Tensor]) -> str:
    """Why the input cannot be brought to the output's scale, or ""."""
    source, result = tensors[operation.input], tensors[operation.output]
    if scale_of(result) <= 0:
        return "the output's scale is 0"
    return multiplier_problem(_scale_ratio(source, result)) if source.dtype.is_integer else ""
