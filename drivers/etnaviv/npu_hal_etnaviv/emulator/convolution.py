"""Exact convolution of 8-bit values by floating-point arithmetic.

Sums of products of whole numbers are exact in float32 as long as no partial sum reaches 2**24, and in float64
up to 2**53; the bound of each output channel is known from its weights. That lets the sums be matrix products.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32 | np.float64]

INPUT_CENTER: Final = 128
"""Subtracted from every input value: it halves the bound of the sums. What it adds is part of the bias."""

_FLOAT32_LIMIT: Final = 1 << 24
_INT32_LIMIT: Final = 1 << 31

_SPARSE_ADVANTAGE: Final = 8
"""Kernels that read at least so many times fewer channels than there are run channel by channel."""

_CHUNK_VALUES: Final = 1 << 21
"""Floats of the patch matrix, and of the sums, held at a time."""

_BLOCK_VALUES: Final = 1 << 15
"""Floats of a block of channels in the channel-by-channel form: such a block stays in the cache."""


@dataclass(frozen=True, slots=True)
class Kernels:
    """Decoded and prepared coefficients of one job.

    bias: float64 [output channels], whole numbers: what is added to the sum of (x - INPUT_CENTER) * weight.
    wraps: whether a sum with its bias can exceed 32 bits.
    matrix: the weights without zero point, [output channels, input channels * KH * KW], or None.
    channels, taps: the sparse form if there is no matrix: output channel o is the sum over i of input channel
        channels[i, o] convolved with taps[i, o], shapes [n, output channels] and [n, output channels, KH, KW].
    """

    kernel_height: int
    kernel_width: int
    bias: NDArray[np.float64]
    wraps: bool
    matrix: FloatArray | None
    channels: NDArray[np.intp] | None
    taps: FloatArray | None

    @property
    def byte_count(self) -> int:
        """Memory of the prepared weights."""
        arrays = (self.matrix, self.taps, self.bias)
        return sum(array.nbytes for array in arrays if array is not None)


def prepare_kernels(
    weights: NDArray[np.uint8], zero_point: int, bias: NDArray[np.int32], *, depthwise: bool, centered: bool
) -> Kernels:
    """Prepare the decoded coefficients of one job.

    weights: uint8 [output channels, depth, KH, KW]; depth is 1 for a depthwise job.
    bias: int32 [output channels], as stored in the coefficients.
    centered: whether the hardware subtracts 128 from the input itself (V8) or the stored bias is for raw values (V7).
    """
    outputs, depth, height, width = weights.shape
    used = np.array([(kernel != zero_point).any(axis=(1, 2)) for kernel in weights])
    sums = np.array([int(kernel.sum(dtype=np.int64)) - zero_point * kernel.size for kernel in weights])
    most_used = max(int(used.sum(axis=1).max()), 1)
    whole_bias = bias.astype(np.int64) + (0 if centered else INPUT_CENTER * sums)
    matrix = channels = taps = None
    if depthwise or most_used * _SPARSE_ADVANTAGE <= depth:
        if depthwise:
            channels = np.arange(outputs)[None]
            chosen = weights[None, :, 0]
        else:
            channels = np.ascontiguousarray(np.argsort(~used, axis=1, kind="stable")[:, :most_used].T)
            chosen = weights[np.arange(outputs)[None], channels]
        taps = chosen.astype(np.float32) - zero_point
        bounds = np.abs(taps).sum(axis=(0, 2, 3), dtype=np.float64) * INPUT_CENTER
        if bounds.max() >= _FLOAT32_LIMIT:
            taps = taps.astype(np.float64)
    else:
        matrix = weights.reshape(outputs, -1).astype(np.float32)
        matrix -= zero_point
        bounds = np.array([np.abs(row).sum(dtype=np.float64) for row in matrix]) * INPUT_CENTER
        if bounds.max() >= _FLOAT32_LIMIT:
            matrix = matrix.astype(np.float64)
    wraps = bool((bounds + np.abs(whole_bias)).max() >= _INT32_LIMIT)
    return Kernels(height, width, whole_bias.astype(np.float64), wraps, matrix, channels, taps)


def convolve(
    image: FloatArray, kernels: Kernels, rows: int, columns: int, step: int
) -> Iterator[tuple[slice, slice, FloatArray]]:
    """The sums of a convolution, piece by piece.

    image: [input channels, (rows - 1) * step + KH, (columns - 1) * step + KW], centred and with its borders.
    Yields (output channels, output rows, sums), sums of shape [channels, rows * columns]: every piece once.
    """
    if kernels.matrix is not None:
        yield from _convolve_dense(image, kernels, kernels.matrix, rows, columns, step)
    else:
        yield from _convolve_sparse(image, kernels, rows, columns, step)


def _convolve_dense(
    image: FloatArray, kernels: Kernels, matrix: FloatArray, rows: int, columns: int, step: int
) -> Iterator[tuple[slice, slice, FloatArray]]:
    depth, outputs = matrix.shape[1], matrix.shape[0]
    image = image.astype(matrix.dtype, copy=False)
    chunk = min(max(_CHUNK_VALUES // (max(depth, outputs) * columns), 1), rows)
    windows = np.lib.stride_tricks.sliding_window_view(
        image, (kernels.kernel_height, kernels.kernel_width), axis=(1, 2)
    )[:, ::step, ::step].transpose(0, 3, 4, 1, 2)
    for first in range(0, rows, chunk):
        part = slice(first, min(first + chunk, rows))
        patches = windows[:, :, :, part].reshape(depth, -1)
        yield slice(0, outputs), part, matrix @ patches


def _convolve_sparse(
    image: FloatArray, kernels: Kernels, rows: int, columns: int, step: int
) -> Iterator[tuple[slice, slice, FloatArray]]:
    assert kernels.taps is not None
    assert kernels.channels is not None
    inputs, outputs = kernels.channels.shape
    image = image.astype(kernels.taps.dtype, copy=False)
    plane_width = image.shape[2]
    # With step 1 whole padded planes are handled as one line: the values between the rows are dropped at the end.
    length = (rows - 1) * plane_width + columns if step == 1 else rows * columns
    block = max(_BLOCK_VALUES // max(image.shape[1] * plane_width, 1), 1)
    for first in range(0, outputs, block):
        part = slice(first, min(first + block, outputs))
        count = part.stop - part.start
        sums = np.zeros((count, rows * plane_width if step == 1 else length), image.dtype)
        target = sums[:, :length] if step == 1 else sums.reshape(count, rows, columns)
        product = np.empty_like(target)
        for number in range(inputs):
            planes = _gather(image, kernels.channels[number, part])
            lines = planes.reshape(count, -1)
            for y in range(kernels.kernel_height):
                for x in range(kernels.kernel_width):
                    tap = kernels.taps[number, part, y, x]
                    if step == 1:
                        shift = y * plane_width + x
                        np.multiply(lines[:, shift : shift + length], tap[:, None], out=product)
                    else:
                        view = planes[:, y : y + (rows - 1) * step + 1 : step, x : x + (columns - 1) * step + 1 : step]
                        np.multiply(view, tap[:, None, None], out=product)
                    target += product
        if step == 1:
            sums = sums.reshape(count, rows, plane_width)[:, :, :columns].reshape(count, -1)
        yield part, slice(0, rows), sums


def _gather(image: FloatArray, channels: NDArray[np.intp]) -> FloatArray:
    """The planes of some channels; a view where they follow each other."""
    first = int(channels[0])
    if np.array_equal(channels, np.arange(first, first + len(channels))):
        return image[first : first + len(channels)]
    return image[channels]
