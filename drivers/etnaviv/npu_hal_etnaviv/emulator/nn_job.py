"""Running an NN job on the memory of a submit."""

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray

from npu_hal_etnaviv.emulator.coefficient_cache import CoefficientCache
from npu_hal_etnaviv.emulator.convolution import INPUT_CENTER, FloatArray, convolve
from npu_hal_etnaviv.emulator.faults import Place
from npu_hal_etnaviv.emulator.memory import SubmitMemory
from npu_hal_etnaviv.emulator.nn_descriptor import NnDescriptor
from npu_hal_etnaviv.emulator.requantization import Requantization
from npu_hal_etnaviv.hardware.nn_config import NN_CONFIG


def nn_place(job: str, field: str) -> Place:
    """Where a field of the job's config is."""
    return Place(job, NN_CONFIG.name, NN_CONFIG.field(field).word, field)


def run_nn_job(descriptor: NnDescriptor, memory: SubmitMemory, cache: CoefficientCache, job: str) -> None:
    """Read input and coefficients, convolve, write the output.

    Raises NpuFault for addresses that the job may not use, and for coefficients that can not be decoded.
    """
    source = memory.read(descriptor.input_address, descriptor.input_extent, nn_place(job, "in_image_address"))
    target = memory.write(descriptor.output_address, descriptor.output_extent, nn_place(job, "out_image_address"))
    kernels = cache.kernels(descriptor, memory, job)
    planes = _planes(
        source,
        descriptor.input_channels,
        (descriptor.input_height, descriptor.input_width),
        (descriptor.input_rows_per_channel, descriptor.input_row_stride),
    )
    output = _planes(
        target,
        descriptor.output_channels,
        (descriptor.output_height, descriptor.output_width),
        (descriptor.output_rows_per_channel, descriptor.output_row_stride),
    )
    requantization = Requantization.of(descriptor)
    rows, columns = descriptor.output_height, descriptor.output_width
    image = _image_with_borders(planes, descriptor)
    # A job may write over its own input, of which the image is a copy.
    for channels, part, sums in convolve(image, kernels, rows, columns, descriptor.step):
        requantization.apply(sums, kernels.bias[channels], kernels.wraps, output[channels, part])


def _planes(
    data: NDArray[np.uint8], channels: int, size: tuple[int, int], stride: tuple[int, int]
) -> NDArray[np.uint8]:
    """A tensor in memory as [channels, rows, columns]; `stride` is (rows per plane, bytes per row) in memory."""
    rows_per_plane, row_bytes = stride
    return as_strided(data, (channels, *size), (rows_per_plane * row_bytes, row_bytes, 1))


def _image_with_borders(planes: NDArray[np.uint8], descriptor: NnDescriptor) -> FloatArray:
    """The centred input that the outputs' taps read, the border constant where they leave the image."""
    rows = (descriptor.output_height - 1) * descriptor.step + descriptor.kernel_height
    columns = (descriptor.output_width - 1) * descriptor.step + descriptor.kernel_width
    channels, height, width = planes.shape
    top, left = max(-descriptor.offset_y, 0), max(-descriptor.offset_x, 0)
    first_row, first_column = max(descriptor.offset_y, 0), max(descriptor.offset_x, 0)
    copied_rows = max(min(rows - top, height - first_row), 0)
    copied_columns = max(min(columns - left, width - first_column), 0)
    if (copied_rows, copied_columns) == (rows, columns):
        inside = planes[:, first_row : first_row + rows, first_column : first_column + columns]
        return np.subtract(inside, INPUT_CENTER, dtype=np.float32)
    image = np.full((channels, rows, columns), descriptor.border - INPUT_CENTER, np.float32)
    np.subtract(
        planes[:, first_row : first_row + copied_rows, first_column : first_column + copied_columns],
        INPUT_CENTER,
        out=image[:, top : top + copied_rows, left : left + copied_columns],
        dtype=np.float32,
    )
    return image
