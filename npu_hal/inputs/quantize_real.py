"""Real numbers as the elements of a tensor."""

import numpy as np
from numpy.typing import NDArray

from npu_hal.api import Array, DType, InvalidInput, Tensor


def quantize_real(values: NDArray[np.float64], tensor: Tensor) -> Array:
    """`values` in the tensor's element type: float32 as they are, integers rounded by its scale and zero point.

    Values beyond the integers' range become its ends. Raises `InvalidInput` if the tensor is neither float32 nor
    quantised per tensor.
    """
    if tensor.dtype is DType.FLOAT32:
        return values.astype(np.float32)
    quantization = tensor.quantization
    if not tensor.dtype.is_integer or quantization is None or quantization.is_per_axis or quantization.scale <= 0:
        raise InvalidInput(
            f"input {tensor.name!r} is {tensor.dtype} without a scale and zero point, so real numbers cannot be "
            f"stored in it; give it an .npy file of {tensor.dtype}"
        )
    low, high = tensor.dtype.integer_range
    stored = np.round(values / quantization.scale) + quantization.zero_point
    return np.clip(stored, low, high).astype(tensor.dtype.numpy)
