"""Functions of real numbers on 8-bit tensors, as tables of their 256 values in float32:

    y = clamp(round(f(scale_x * (x - zero_point_x)) * (1 / scale_y)) + zero_point_y)

Results beyond the int32 range are clamped like the rest, where TensorFlow Lite leaves them undefined.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from npu_hal.api import Tensor
from npu_hal_software.reference.byte_table import unary_by_table
from npu_hal_software.reference.fixed_point import round_half_away
from npu_hal_software.reference.kernel import Kernel
from npu_hal_software.reference.quantized import scale_of, zero_point_of

# From float32 values to float32 values of the same shape.
RealFunction = Callable[[NDArray[Any]], NDArray[np.float32]]


def compile_real_table(source: Tensor, result: Tensor, function: RealFunction) -> Kernel:
    """The kernel of `function` from one 8-bit tensor to another, each with a quantisation of its own."""
    low, high = result.dtype.integer_range

    def stored(values: NDArray[np.int32]) -> NDArray[Any]:
        real = scale_of(source) * (values - zero_point_of(source)).astype(np.float32)
        # Infinity is rounded by way of infinity less infinity.
        with np.errstate(over="ignore", invalid="ignore"):
            steps = round_half_away(function(real) * (np.float32(1) / scale_of(result)))
        table: NDArray[Any] = np.clip(steps + zero_point_of(result), low, high).astype(result.dtype.numpy)
        return table

    return unary_by_table(source.dtype, stored)
