"""8-bit tensors as the NPU sees them: unsigned; int8 values are raised by 128, and so are their zero points."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from npu_hal.api import DType, Quantization, Tensor

INT8_OFFSET = 128


@dataclass(frozen=True, slots=True)
class UnsignedQuantization:
    """A scale, and the zero point of the unsigned values."""

    scale: float
    zero_point: int


def is_per_tensor(quantization: Quantization) -> bool:
    """Whether there is one scale and one zero point, or as many equal ones."""
    return len(set(quantization.scales)) == len(set(quantization.zero_points)) == 1


def unsigned_quantization(tensor: Tensor) -> UnsignedQuantization:
    """Per-tensor quantisation of unsigned values; scale 1 and the type's middle or 0 where a tensor has none.

    A quantisation per axis must be one in name only (see `is_per_tensor`).
    """
    offset = INT8_OFFSET if tensor.dtype is DType.INT8 else 0
    if tensor.quantization is None:
        return UnsignedQuantization(1.0, offset)
    return UnsignedQuantization(tensor.quantization.scales[0], tensor.quantization.zero_points[0] + offset)


def unsigned_values(tensor: Tensor) -> NDArray[np.uint8]:
    """A constant's values, of its shape; int8 raised by 128."""
    data = tensor.constant().view(np.uint8)
    if tensor.dtype is DType.INT8:
        return data ^ np.uint8(INT8_OFFSET)
    return data
