"""Operations that move values: CONCATENATION, SPLIT, PAD, TRANSPOSE.

The one that may compute is CONCATENATION: an 8-bit input whose quantisation differs from the output's is brought to
it in float32, ``clamp(round(x * s - zero_point_x * s) + zero_point_y)`` with ``s = scale_x * (1 / scale_y)``.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from npu_hal.api import Activation, Array, Concatenation, DType, Pad, Split, Tensor, Transpose
from npu_hal_software.reference.byte_table import tabulate
from npu_hal_software.reference.fixed_point import round_half_away
from npu_hal_software.reference.kernel import Kernel
from npu_hal_software.reference.quantized import activation_range, range_of, scale_of, zero_point_of


def compile_concatenation(operation: Concatenation, tensors: Sequence[Tensor]) -> Kernel:
    """The kernel of a concatenation."""
    result = tensors[operation.output]
    axis = operation.axis
    converters = [_converter(tensors[index], result) for index in operation.concatenated]
    clamp = _clamp(operation, result)

    def run(inputs: Sequence[Array], outputs: Sequence[Array]) -> None:
        start = 0
        for array, convert in zip(inputs, converters, strict=True):
            stop = start + array.shape[axis]
            outputs[0][(slice(None),) * axis + (slice(start, stop),)] = convert(array)
            start = stop
        clamp(outputs[0])

    return run


def _converter(source: Tensor, result: Tensor) -> Callable[[Array], Array]:
    if not source.dtype.is_quantised8 or source.quantization == result.quantization:
        return lambda array: array
    low, high = source.dtype.integer_range
    scale = scale_of(source) * (np.float32(1) / scale_of(result))
    bias = np.float32(-zero_point_of(source)) * scale

    def convert(stored: NDArray[np.int32]) -> NDArray[Any]:
        steps = round_half_away(stored.astype(np.float32) * scale + bias)
        converted: NDArray[Any] = np.clip(steps + zero_point_of(result), low, high).astype(result.dtype.numpy)
        return converted

    return tabulate(source.dtype, convert)


def _clamp(operation: Concatenation, result: Tensor) -> Callable[[Array], Any]:
    if operation.activation is Activation.NONE:
        return lambda output: None
    if result.dtype.is_quantised8:
        low, high = activation_range(operation.activation, result)
    else:
        low, high = range_of(result.dtype, operation.activation)  # type: ignore[assignment]
    return lambda output: np.clip(output, low, high, out=output)


def concatenation_refusal(operation: Concatenation, tensors: Sequence[Tensor]) -> str:
    """Why inputs cannot be brought to the output's quantisation, or ""."""
    result = tensors[operation.output]
    operands = [tensors[index] for index in operation.concatenated]
    without_order = (DType.BOOL, DType.INT16, DType.INT64, DType.COMPLEX64)
    if operation.activation is not Activation.NONE and result.dtype in without_order:
        return f"a fused activation has no meaning for elements of {result.dtype}"
    if not result.dtype.is_quantised8 or all(operand.quantization == result.quantization for operand in operands):
        return ""
    for tensor in (*operands, result):
        if tensor.quantization is None or tensor.quantization.is_per_axis or scale_of(tensor) <= 0:
            return f"tensor {tensor.name!r} has no single scale to be brought to the others' by"
    return ""


def compile_split(operation: Split, tensors: Sequence[Tensor]) -> Kernel:
    """The kernel of a split in equal parts."""
    axis = operation.axis

    def run(inputs: Sequence[Array], outputs: Sequence[Array]) -> None:
        for part, output in zip(np.split(inputs[0], len(outputs), axis), outputs, strict=True):
            output[...] = part

    return run


def compile_pad(operation: Pad, tensors: Sequence[Tensor]) -> Kernel:
    """The kernel of a padding with the zero point, or 0."""
    source, result = tensors[operation.input], tensors[operation.output]
    value = 0
    if result.dtype.is_quantised8 and result.quantization is not None:
        value = result.quantization.zero_points[0]
    inside = tuple(
        slice(before, before + size) for size, (before, _) in zip(source.shape, operation.paddings, strict=True)
    )

    def run(inputs: Sequence[Array], outputs: Sequence[Array]) -> None:
        outputs[0].fill(value)
        outputs[0][inside] = inputs[0]

    return run


def compile_transpose(operation: Transpose, tensors: Sequence[Tensor]) -> Kernel:
    """The kernel of a permutation of axes."""
    return lambda inputs, outputs: np.copyto(outputs[0], inputs[0].transpose(operation.permutation))
