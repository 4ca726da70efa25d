"""SUM along axes.

Int32 and int64 wrap around. 8-bit, with the sum of the n elements as stored, all in float32:

    y = clamp(round(sum * (scale_x / scale_y) - zero_point_x * (scale_x / scale_y) * n) + zero_point_y)

That is what TensorFlow Lite's optimised kernel computes; its reference kernel takes zero points for unsigned numbers.
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
    if source.dtype.is_quantised8:
        return _compile_quantised(operation, source, result)

    def run(inputs: Sequence[Array], outputs: Sequence[Array]) -> None:
        outputs[0][...] = inputs[0].sum(axis=operation.axes, dtype=result.dtype.numpy).reshape(result.shape)

    return run


def _compile_quantised(operation: Sum, source: Tensor, result: Tensor) -> Kernel:
    low, high = result.dtype.integer_range
    count = int(np.prod([source.shape[axis] for axis in operation.axes], dtype=np.int64))
    scale = scale_of(source) / scale_of(result)
    bias = np.float32(-zero_point_of(source)) * scale * np.float32(count)

    def run(inputs: Sequence[Array], outputs: Sequence[Array]) -> None:
        sums = inputs[0].sum(axis=operation.axes, dtype=np.int32).astype(np.float32)
        steps = round_half_away(sums * scale + bias) + zero_point_of(result)
        outputs[0][...] = np.clip(steps, low, high).reshape(result.shape)

    return run
