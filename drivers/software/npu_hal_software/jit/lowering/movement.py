"""Operations that move bytes: CONCATENATION, SPLIT, PAD."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from npu_hal.api import Activation, Concatenation, Pad, Split
from npu_hal_software.jit.lowering.tables import emit_lookup, is_identity, stored_table
from npu_hal_software.jit.program import (
    Address,
    InputAddress,
    Program,
    contiguous_steps,
    moved,
    position_chunks,
    stored_mask,
    stored_zero_point,
)
from npu_hal_software.jit.record import COPY, PAD

if TYPE_CHECKING:
    from npu_hal.api import SplitV, Unpack

# Nested loops of the copy kernel, around runs of contiguous bytes.
COPY_AXES = 4
# Size, and bytes from one index to the next in the input and in the output.
Axis = tuple[int, int, int]


def lower_concatenation(program: Program, operation: Concatenation) -> bool:
    """Each input is copied to its columns, by way of a table if values change."""
    output = program.tensor(operation.output)
    if operation.activation is not Activation.NONE and not output.dtype.is_quantised8:
        return False
    row_bytes = math.prod(output.shape[operation.axis :]) * output.dtype.itemsize
    rows = math.prod(output.shape[: operation.axis])
    target = program.output(operation.output)
    start = 0
    for index in operation.concatenated:
        part = math.prod(program.tensor(index).shape[operation.axis :]) * output.dtype.itemsize
        source, mask = _converted(program, operation, index)
        copy_rows(program, source, target.moved(start), rows, part, part, row_bytes, mask)
        start += part
    return True


def _converted(program: Program, operation: Concatenation, index: int) -> tuple[Address | InputAddress | int, int]:
    """An operand at the output's quantisation and within the activation's range; for exact readers."""
    input_, output = program.tensor(index), program.tensor(operation.output)
    if not input_.dtype.is_quantised8:
        return program.exact(index)
    alone = operation.model_copy(update={"concatenated": (index,), "axis": 0})
    table = stored_table(alone, input_, output)
    if is_identity(table):
        return program.exact(index)
    converted = program.scratch(input_.nbytes)
    emit_lookup(program, program.stored(index), converted, input_.size, table)
    return converted, 0


def lower_split(program: Program, operation: Split) -> bool:
    """Columns of the input are copied to each part."""
    shape = program.tensor(operation.input).shape
    size = shape[operation.axis] // len(operation.parts)
    _split_columns(program, operation.input, operation.parts, operation.axis, [size] * len(operation.parts))
    return True


def lower_split_v(program: Program, operation: "SplitV") -> bool:
    """Columns of the input are copied to each part."""
    _split_columns(program, operation.input, operation.parts, operation.axis, operation.sizes)
    return True


def lower_unpack(program: Program, operation: "Unpack") -> bool:
    """Columns of the input are copied to each slice."""
    _split_columns(program, operation.input, operation.slices, operation.axis, [1] * len(operation.slices))
    return True


def _split_columns(program: Program, index: int, parts: Sequence[int], axis: int, sizes: Sequence[int]) -> None:
    """Copy elements of `axis`, `sizes` of them to each of the tensors `parts`, one after the other."""
    input_ = program.tensor(index)
    step = math.prod(input_.shape[axis + 1 :]) * input_.dtype.itemsize
    row_bytes, rows = input_.shape[axis] * step, math.prod(input_.shape[:axis])
    source = program.stored(index)
    start = 0
    for part, size in zip(parts, sizes, strict=True):
        copy_rows(program, moved(source, start), program.output(part), rows, size * step, row_bytes, size * step, 0)
        start += size * step


def copy_rows(
    program: Program,
    source: Address | InputAddress | int,
    target: Address,
    rows: int,
    count: int,
    input_step: int,
    output_step: int,
    mask: int,
) -> None:
    """Copy `rows` runs of `count` bytes, `input_step` and `output_step` bytes apart; `mask` is for every byte."""
    if rows * count == 0:
        return
    if count == input_step == output_step:
        rows, count = 1, rows * count
    program.emit(
        COPY,
        position_chunks(program, rows * count // 16, rows),
        input=source,
        output=target,
        size_0=rows,
        size_1=1,
        size_2=1,
        size_3=1,
        input_step_0=input_step,
        output_step_0=output_step,
        bytes=count,
        mask=mask,
    )


def lower_pad(program: Program, operation: Pad) -> bool:
    """Rows of one image are padded one after the other; other tensors are filled, then the input is copied in."""
    input_, output = program.tensor(operation.input), program.tensor(operation.output)
    if output.quantization is not None and output.quantization.is_per_axis:
        return False
    value = stored_zero_point(output) if output.dtype.is_quantised8 and output.quantization else stored_mask(output)
    if input_.rank == 4 and input_.shape[0] == 1 and operation.paddings[::3] == ((0, 0), (0, 0)):
        _pad_image(program, operation, value)
        return True
    itemsize = input_.dtype.itemsize
    steps = contiguous_steps(input_.shape, itemsize), contiguous_steps(output.shape, itemsize)
    if not fits_copy(input_.shape, *steps, itemsize):
        return False
    _pad_by_filling(program, operation, value)
    return True


def _pad_image(program: Program, operation: Pad, value: int) -> None:
    """Fill what is around an image with a byte."""
    input_, output = program.tensor(operation.input), program.tensor(operation.output)
    (_, height, width, _), (_, (top, _), (left, right), _) = input_.shape, operation.paddings
    pixel_bytes = input_.shape[3] * input_.dtype.itemsize
    source, mask = program.exact(operation.input)
    program.emit(
        PAD,
        position_chunks(program, output.nbytes // 32, output.shape[1]),
        input=source,
        input_row_step=width * pixel_bytes,
        row_bytes=width * pixel_bytes,
        rows=height,
        output=program.output(operation.output),
        output_row_step=output.shape[2] * pixel_bytes,
        output_rows=output.shape[1],
        top=top,
        left_bytes=left * pixel_bytes,
        right_bytes=right * pixel_bytes,
        value=value,
        mask=mask,
    )


def _pad_by_filling(program: Program, operation: Pad, value: int) -> None:
    input_, output = program.tensor(operation.input), program.tensor(operation.output)
    itemsize = output.dtype.itemsize
    target = program.output(operation.output)
    size = output.nbytes
    pattern = program.constant(np.full(_FILL_BYTES, value, np.uint8))
    whole, rest = divmod(size, _FILL_BYTES)
    program.emit(
        COPY, 1, input=pattern, output=target,
        size_0=whole, size_1=1, size_2=1, size_3=1, output_step_0=_FILL_BYTES, bytes=_FILL_BYTES,
    )  # fmt: skip
    if rest:
        copy_rows(program, pattern, target.moved(whole * _FILL_BYTES), 1, rest, rest, rest, 0)
    output_steps = contiguous_steps(output.shape, itemsize)
    start = sum(before * step for (before, _), step in zip(operation.paddings, output_steps, strict=True))
    source, mask = program.exact(operation.input)
    emit_strided_copy(
        program,
        source,
        target.moved(start),
        input_.shape,
        contiguous_steps(input_.shape, itemsize),
        output_steps,
        itemsize,
        mask,
    )


_FILL_BYTES = 4096


def merged_axes(
    shape: tuple[int, ...], input_steps: list[int], output_steps: list[int], itemsize: int
) -> tuple[list[Axis], int]:
    """Axes and contiguous bytes, with neighbours merged where strides allow."""
    axes: list[Axis] = []
    for size, source, target in zip(shape, input_steps, output_steps, strict=True):
        if size == 1:
            continue
        if axes and axes[-1][1] == size * source and axes[-1][2] == size * target:
            axes[-1] = (axes[-1][0] * size, source, target)
        else:
            axes.append((size, source, target))
    count = itemsize
    if axes and axes[-1][1] == axes[-1][2] == itemsize:
        count = axes.pop()[0] * itemsize
    return axes, count


def fits_copy(shape: tuple[int, ...], input_steps: list[int], output_steps: list[int], itemsize: int) -> bool:
    """Whether the copy kernel has enough axes."""
    return len(merged_axes(shape, input_steps, output_steps, itemsize)[0]) <= COPY_AXES


def emit_strided_copy(
    program: Program,
    source: Address | InputAddress | int,
    target: Address,
    shape: tuple[int, ...],
    input_steps: list[int],
    output_steps: list[int],
    itemsize: int,
    mask: int = 0,
) -> None:
    """Copy elements of `shape` between strided layouts; steps are in bytes."""
    axes, count = merged_axes(shape, input_steps, output_steps, itemsize)
    emit_axes(program, source, target, axes, count, mask)


def emit_axes(
    program: Program,
    source: Address | InputAddress | int,
    target: Address,
    axes: list[Axis],
    count: int,
    mask: int,
) -> None:
    """Copy runs of `count` bytes along at most `COPY_AXES` axes."""
    padded = axes + [(1, 0, 0)] * (COPY_AXES - len(axes))
    program.emit(
        COPY,
        position_chunks(program, math.prod(size for size, _, _ in axes) * count // 8, padded[0][0]),
        input=source,
        output=target,
        bytes=count,
        mask=mask,
        **axis_fields(padded),
    )


def axis_fields(axes: Sequence[Axis]) -> dict[str, int]:
    """The fields of a record that hold these axes, outermost first."""
    fields: dict[str, int] = {}
    for number, (size, input_step, output_step) in enumerate(axes):
        fields |= {
            f"size_{number}": size,
            f"input_step_{number}": input_step,
            f"output_step_{number}": output_step,
        }
    return fields
