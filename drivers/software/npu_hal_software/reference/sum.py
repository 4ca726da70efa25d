"""SUM along axes.

Int32 and int64 wrap around. 8-bit, with the sum of the n elements as stored, all in float32:

    y = round(sum * (scale_x / scale_y) - zero_point_x * (scale_x / scale_y) * n) + zero_point_y

whose low byte is stored: results outside of the type wrap around. Where input and output have one quantisation, the low
byte of the stored sum is stored, without regard to the zero point. Both are TensorFlow Lite's ways.
"""

from collections.abc import Sequence

import numpy as np

from npu_hal.api import Array, Sum, Tensor
from npu_hal_software.reference.fixed_point import round_half_away
from npu_hal_software.reference.kernel import Kernel
from npu_hal_software.reference.quantized import scale_of, zero_point_of


def compile_sum(operation: Sum, tensors: Sequence[Tensor]) -> Kernel:
    """The kernel of a sum."""
    source, result = tensors[operation.input], tensors[operation.output]
    if source.dtype.is_quantised8 and not _has_one_quantization(source, result):
        return _compile_rescaled(operation, source, result)

    def run(inputs: Sequence[Array], outputs: Sequence[Array]) -> None:
        outputs[0][...] = inputs[0].sum(axis=operation.axes, dtype=result.dtype.numpy).reshape(result.shape)

    return run


def _has_one_quantization(source: Tensor, result: Tensor) -> bool:
    return scale_of(source) == scale_of(result) and zero_point_of(source) == zero_point_of(result)


def _compile_rescaled(operation: Sum, source: Tensor, result: Tensor) -> Kernel:
    count = int(np.prod([source.shape[axis] for axis in operation.axes], dtype=np.int64))
    scale = scale_of(source) / scale_of(result)
    bias = np.float32(-zero_point_of(source)) * scale * np.float32(count)

    def run(inputs: Sequence[Array], outputs: Sequence[Array]) -> None:
        sums = inputs[0].sum(axis=operation.axes, dtype=np.int32).astype(np.float32)
        steps = round_half_away(sums * scale + bias).astype(np.int64) + zero_point_of(result)
        outputs[0][...] = steps.astype(result.dtype.numpy).reshape(result.shape)

    return run


def sum_refusal(operation: Sum, tensors: Sequence[Tensor]) -> str:
    """Why the rescaled sum leaves 32 bits, or ""."""
    source, result = tensors[operation.input], tensors[operation.output]
    if not source.dtype.is_quantised8:
        return ""
    largest = source.size // max(result.size, 1) * 255 * max(1.0, float(scale_of(source) / scale_of(result)))
    return f"sums of up to {largest:g} steps of the output leave 32 bits" if largest >= 2.0**30 else ""
