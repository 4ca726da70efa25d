"""RESIZE_BILINEAR and RESIZE_NEAREST_NEIGHBOR of images ``[N, H, W, C]``.

Along each axis, output index i lies at source coordinate p (see the operations' own description). Bilinear: with
``lower = max(floor(p), 0)``, ``upper = min(ceil(p), size - 1)`` and the fraction ``f = p - lower``, the value is
``(1 - f) * x[lower] + f * x[upper]`` along both axes at once. Float32 and uint8 compute p and the sum in float32
(uint8 adds 0.5 and drops the fraction); int8 has p in units of 1/1024, sums exactly and rounds half away from zero.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from npu_hal.api import Array, DType, ResizeBilinear, ResizeNearestNeighbor, Tensor
from npu_hal_software.reference.fixed_point import round_half_away
from npu_hal_software.reference.kernel import Kernel

Resize = ResizeBilinear | ResizeNearestNeighbor
# Lower neighbours, upper neighbours and the fraction between them, for each output index along an axis.
Neighbours = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[Any]]

FRACTION_BITS = 10


def compile_resize_nearest_neighbor(operation: ResizeNearestNeighbor, tensors: Sequence[Tensor]) -> Kernel:
    """The kernel of a resize to the nearest neighbour."""
    _, height, width, _ = tensors[operation.input].shape
    rows = _nearest(operation, height, operation.height)
    columns = _nearest(operation, width, operation.width)
    return lambda inputs, outputs: np.copyto(outputs[0], inputs[0][:, rows[:, None], columns])


def _nearest(operation: ResizeNearestNeighbor, size: int, result_size: int) -> NDArray[np.int64]:
    offset = np.float32(0.5 if operation.half_pixel_centers else 0)
    positions = (np.arange(result_size).astype(np.float32) + offset) * _scale(operation, size, result_size)
    nearest = round_half_away(positions) if operation.align_corners else np.floor(positions)
    indices: NDArray[np.int64] = np.clip(nearest, 0, size - 1).astype(np.int64)
    return indices


def _scale(operation: Resize, size: int, result_size: int) -> np.float32:
    if operation.align_corners and result_size > 1:
        return np.float32(size - 1) / np.float32(result_size - 1)
    return np.float32(size) / np.float32(max(result_size, 1))


def compile_resize_bilinear(operation: ResizeBilinear, tensors: Sequence[Tensor]) -> Kernel:
    """The kernel of a bilinear resize."""
    source = tensors[operation.input]
    _, height, width, _ = source.shape
    neighbours = _integer_neighbours if source.dtype is DType.INT8 else _float_neighbours
    rows = neighbours(operation, height, operation.height)
    columns = neighbours(operation, width, operation.width)

    def run(inputs: Sequence[Array], outputs: Sequence[Array]) -> None:
        for image, result in zip(inputs[0], outputs[0], strict=True):
            for index, output_row in enumerate(result):
                row = rows[0][index], rows[1][index], rows[2][index]
                output_row[...] = _interpolate(source.dtype, image, row, columns)

    return run


def _float_neighbours(operation: ResizeBilinear, size: int, result_size: int) -> Neighbours:
    indices = np.arange(result_size).astype(np.float32)
    scale = _scale(operation, size, result_size)
    half = np.float32(0.5)
    positions = (indices + half) * scale - half if operation.half_pixel_centers else indices * scale
    lower = np.maximum(np.floor(positions), 0).astype(np.int64)
    upper = np.minimum(np.ceil(positions), size - 1).astype(np.int64)
    return lower, upper, positions - lower.astype(np.float32)


def _integer_neighbours(operation: ResizeBilinear, size: int, result_size: int) -> Neighbours:
    one = 1 << FRACTION_BITS
    if operation.align_corners and result_size > 1:
        scale = (one * (size - 1) + (result_size - 1) // 2) // (result_size - 1)
    else:
        scale = (one * size + result_size // 2) // max(result_size, 1)
    positions = np.arange(result_size, dtype=np.int64) * scale
    if operation.half_pixel_centers:
        positions += scale // 2 - one // 2
    # Quotients are truncated towards zero before they are brought into the image.
    lower = np.maximum(positions // one, 0)
    upper = np.clip(-(-positions // one), 0, size - 1)
    return lower, upper, positions - lower * one


def _interpolate(dtype: DType, image: Array, row: tuple[Any, Any, Any], columns: Neighbours) -> NDArray[Any]:
    """One output row ``[width, C]``."""
    top, bottom, down = row
    left, right, across = columns[0], columns[1], columns[2][:, None]
    one = 1 << FRACTION_BITS if dtype is DType.INT8 else np.float32(1)
    work = np.int64 if dtype is DType.INT8 else np.float32
    upper_left, upper_right = image[top, left].astype(work), image[top, right].astype(work)
    lower_left, lower_right = image[bottom, left].astype(work), image[bottom, right].astype(work)
    total: NDArray[Any] = (
        upper_left * (one - down) * (one - across)
        + lower_left * down * (one - across)
        + upper_right * (one - down) * across
        + lower_right * down * across
    )
    if dtype is DType.FLOAT32:
        return total
    if dtype is DType.UINT8:
        total += np.float32(0.5)
        np.trunc(total, out=total)
        return total
    half = 1 << (2 * FRACTION_BITS - 1)
    magnitudes = (np.abs(total) + half) >> (2 * FRACTION_BITS)
    rounded: NDArray[Any] = np.where(total < 0, -magnitudes, magnitudes)
    return rounded
