"""Random inputs, for trying a model without data."""

import numpy as np

from npu_hal.api import Array, DType, Tensor


def random_values(tensor: Tensor, rng: np.random.Generator) -> Array:
    """Values for `tensor`: 8-bit and 16-bit integers of their whole range, 0 to 1 for floats (real and
    imaginary part), 0 for wide integers.

    Integers of 32 and 64 bits are mostly indices or sizes, which random values would make invalid.
    """
    if tensor.dtype is DType.FLOAT32:
        return rng.random(tensor.shape, np.float32)
    if tensor.dtype is DType.COMPLEX64:
        return rng.random((*tensor.shape, 2), np.float32).view(np.complex64)[..., 0]
    if tensor.dtype is DType.BOOL:
        return rng.integers(0, 2, tensor.shape).astype(np.bool_)
    if tensor.dtype in (DType.UINT8, DType.INT8, DType.INT16):
        low, high = tensor.dtype.integer_range
        return rng.integers(low, high, tensor.shape, tensor.dtype.numpy, endpoint=True)
    return np.zeros(tensor.shape, tensor.dtype.numpy)
