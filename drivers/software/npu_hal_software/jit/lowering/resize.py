"""RESIZE_BILINEAR and RESIZE_NEAREST_NEIGHBOR: tables of neighbours along both axes, as in `reference.resize`."""

import numpy as np
from numpy.typing import NDArray

from npu_hal.api import DType, ResizeBilinear, ResizeNearestNeighbor
from npu_hal_software.jit.program import Program, moved, position_chunks, stored_offset
from npu_hal_software.jit.record import GATHER, RESIZE_BILINEAR
from npu_hal_software.jit.resize import FRACTION_BITS, XNNPACK_FRACTION_BITS

_ONE = 1 << FRACTION_BITS
_ENTRY = np.dtype([("lower", np.int64), ("upper", np.int64), ("stay", np.int32), ("move", np.int32)])


def lower_resize_bilinear(program: Program, operation: ResizeBilinear) -> bool:
    """uint8 in single precision, int8 in integers; both in integers with XNNPACK's rounding."""
    input_ = program.tensor(operation.input)
    batch, height, width, channels = input_.shape
    source, target = program.stored(operation.input), program.output(operation.output)
    if program.rounding == "xnnpack":
        neighbours = xnnpack_neighbours
    else:
        neighbours = float_neighbours if input_.dtype is DType.UINT8 else integer_neighbours
    rows = program.constant(neighbours(operation, height, operation.height, width * channels))
    columns = program.constant(neighbours(operation, width, operation.width, channels))
    for number in range(batch):
        program.emit(
            RESIZE_BILINEAR,
            position_chunks(program, operation.height * operation.width * channels // 2, operation.height),
            input=moved(source, number * height * width * channels),
            channels=channels,
            output=target.moved(number * operation.height * operation.width * channels),
            output_height=operation.height,
            output_width=operation.width,
            rows=rows,
            columns=columns,
            in_floats=int(neighbours is float_neighbours),
            offset=stored_offset(input_),
        )
    return True


def _scale(operation: ResizeBilinear, size: int, result_size: int) -> np.float32:
    if operation.align_corners and result_size > 1:
        return np.float32(size - 1) / np.float32(result_size - 1)
    return np.float32(size) / np.float32(result_size)


def float_neighbours(operation: ResizeBilinear, size: int, result_size: int, step: int) -> NDArray[np.void]:
    """Entries for the output indices along an axis whose elements are `step` bytes apart, fractions as floats."""
    indices = np.arange(result_size).astype(np.float32)
    scale, half = _scale(operation, size, result_size), np.float32(0.5)
    positions = (indices + half) * scale - half if operation.half_pixel_centers else indices * scale
    lower = np.maximum(np.floor(positions), 0).astype(np.int64)
    upper = np.minimum(np.ceil(positions), size - 1).astype(np.int64)
    fractions = positions - lower.astype(np.float32)
    stay, move = ((np.float32(1) - fractions).view(np.int32), fractions.view(np.int32))
    return _entries(lower * step, upper * step, stay, move)


def integer_neighbours(operation: ResizeBilinear, size: int, result_size: int, step: int) -> NDArray[np.void]:
    """The same with fractions in units of 1/1024."""
    if operation.align_corners and result_size > 1:
        scale = (_ONE * (size - 1) + (result_size - 1) // 2) // (result_size - 1)
    else:
        scale = (_ONE * size + result_size // 2) // result_size
    positions = np.arange(result_size, dtype=np.int64) * scale
    if operation.half_pixel_centers:
        positions += scale // 2 - _ONE // 2
    lower = np.maximum(positions // _ONE, 0)
    upper = np.clip(-(-positions // _ONE), 0, size - 1)
    fractions = positions - lower * _ONE
    return _entries(lower * step, upper * step, _ONE - fractions, fractions)


def xnnpack_neighbours(operation: ResizeBilinear, size: int, result_size: int, step: int) -> NDArray[np.void]:
    """The same with XNNPACK's fractions: those of single-precision positions within the image, in units of 1/2048."""
    indices = np.arange(result_size).astype(np.float32)
    scale, half = _scale(operation, size, result_size), np.float32(0.5)
    positions = indices * scale + (half * scale - half) if operation.half_pixel_centers else indices * scale
    positions = np.clip(positions, np.float32(0), np.float32(size - 1))
    lower = positions.astype(np.int64)
    upper = np.minimum(lower + 1, size - 1)
    one = 1 << XNNPACK_FRACTION_BITS
    fractions = np.rint((positions - lower.astype(np.float32)) * np.float32(one)).astype(np.int64)
    return _entries(lower * step, upper * step, one - fractions, fractions)


def _entries(
    lower: NDArray[np.int64], upper: NDArray[np.int64], stay: NDArray[np.integer], move: NDArray[np.integer]
) -> NDArray[np.void]:
    entries = np.zeros(len(lower), _ENTRY)
    for name, values in (("lower", lower), ("upper", upper), ("stay", stay), ("move", move)):
        entries[name] = values
    return entries


def lower_resize_nearest_neighbor(program: Program, operation: ResizeNearestNeighbor) -> bool:
    """Pixels are gathered."""
    input_ = program.tensor(operation.input)
    batch, height, width, channels = input_.shape
    pixel = channels * input_.dtype.itemsize
    rows = nearest_indices(operation, height, operation.height) * width * pixel
    columns = nearest_indices(operation, width, operation.width) * pixel
    images = np.arange(batch, dtype=np.int64)[:, None] * height * width * pixel
    source, mask = program.exact(operation.input)
    program.emit(
        GATHER,
        position_chunks(program, batch * operation.height * operation.width * pixel // 8, batch * operation.height),
        input=source,
        output=program.output(operation.output),
        rows=batch * operation.height,
        columns=operation.width,
        row_offsets=program.constant((images + rows).reshape(-1)),
        column_offsets=program.constant(columns),
        bytes=pixel,
        mask=mask,
    )
    return True


def nearest_indices(operation: ResizeNearestNeighbor, size: int, result_size: int) -> NDArray[np.int64]:
    """The input index of each output index along an axis."""
    offset = np.float32(0.5 if operation.half_pixel_centers else 0)
    scale = np.float32(size) / np.float32(result_size)
    if operation.align_corners and result_size > 1:
        scale = np.float32(size - 1) / np.float32(result_size - 1)
    positions = (np.arange(result_size).astype(np.float32) + offset) * scale
    # Positions are not negative, and far below 2**22, so that adding a half is exact.
    nearest = np.floor(positions + np.float32(0.5)) if operation.align_corners else np.floor(positions)
    indices: NDArray[np.int64] = np.clip(nearest, 0, size - 1).astype(np.int64)
    return indices
