"""AVERAGE_POOL_2D, MAX_POOL_2D and L2_POOL_2D.

Only elements inside of the image take part. 8-bit values are pooled as stored: the average is the sum of stored
values divided by their number, rounded half away from zero. Both are clamped to the activation's range.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from npu_hal.api import Array, AveragePool2D, DType, L2Pool2D, MaxPool2D, Tensor
from npu_hal_software.reference.kernel import Kernel
from npu_hal_software.reference.quantized import activation_range
from npu_hal_software.reference.windows import WindowGeometry


def compile_average_pool_2d(operation: AveragePool2D, tensors: Sequence[Tensor]) -> Kernel:
    """The kernel of an average pooling."""
    dtype = tensors[operation.output].dtype
    geometry = _geometry(operation, tensors)
    counts = geometry.valid_counts()[..., None]
    work_type = np.float32 if dtype is DType.FLOAT32 else np.int32

    def pool(rows: Array, start: int, stop: int) -> Array:
        taps = geometry.taps(rows, stop - start)
        sums = next(taps)[2].copy()
        for _, _, seen in taps:
            sums += seen
        window = counts[start:stop]
        if dtype is DType.FLOAT32:
            return sums / window.astype(np.float32)
        # Half away from zero, on magnitudes.
        magnitudes = (np.abs(sums) + window // 2) // window
        averages: Array = np.where(sums < 0, -magnitudes, magnitudes)
        return averages

    return _blockwise(operation, tensors, geometry, pool, padding_value=0, work_type=work_type)


def compile_max_pool_2d(operation: MaxPool2D, tensors: Sequence[Tensor]) -> Kernel:
    """The kernel of a maximum pooling."""
    dtype = tensors[operation.output].dtype
    geometry = _geometry(operation, tensors)
    smallest = -np.inf if dtype is DType.FLOAT32 else dtype.integer_range[0]

    def pool(rows: Array, start: int, stop: int) -> Array:
        taps = geometry.taps(rows, stop - start)
        largest = next(taps)[2].copy()
        for _, _, seen in taps:
            np.maximum(largest, seen, out=largest)
        return largest

    return _blockwise(operation, tensors, geometry, pool, padding_value=smallest, work_type=dtype.numpy)


def compile_l2_pool_2d(operation: L2Pool2D, tensors: Sequence[Tensor]) -> Kernel:
    """The kernel of the square root of the mean of squares."""
    geometry = _geometry(operation, tensors)
    counts = geometry.valid_counts()[..., None].astype(np.float32)

    def pool(rows: Array, start: int, stop: int) -> Array:
        taps = geometry.taps(rows, stop - start)
        sums = np.square(next(taps)[2])
        for _, _, seen in taps:
            sums += np.square(seen)
        roots: Array = np.sqrt(sums / counts[start:stop])
        return roots

    return _blockwise(operation, tensors, geometry, pool, padding_value=0, work_type=np.float32)


def _blockwise(
    operation: AveragePool2D | MaxPool2D | L2Pool2D,
    tensors: Sequence[Tensor],
    geometry: WindowGeometry,
    pool: Any,
    padding_value: Any,
    work_type: Any,
) -> Kernel:
    y = tensors[operation.output]
    if y.dtype is DType.FLOAT32:
        low, high = operation.activation.bounds
    else:
        low, high = activation_range(operation.activation, y)
    blocks = list(geometry.row_blocks(y.shape[2] * y.shape[3]))

    def run(inputs: Sequence[Array], outputs: Sequence[Array]) -> None:
        for image, result in zip(inputs[0], outputs[0], strict=True):
            for start, stop in blocks:
                rows = geometry.padded_rows(image, start, stop, padding_value, work_type)
                result[start:stop] = np.clip(pool(rows, start, stop), low, high)

    return run


def _geometry(operation: AveragePool2D | MaxPool2D | L2Pool2D, tensors: Sequence[Tensor]) -> WindowGeometry:
    shape = tensors[operation.input].shape
    return WindowGeometry.of(shape, operation.filter_hw, operation.strides, operation.padding)


def pool_refusal(operation: AveragePool2D | MaxPool2D | L2Pool2D, tensors: Sequence[Tensor]) -> str:
    """Windows that see nothing of the image have neither a mean nor a maximum."""
    if _geometry(operation, tensors).valid_counts().min(initial=1) < 1:
        return "its padding is so wide that some windows lie entirely outside of the image"
    return ""
