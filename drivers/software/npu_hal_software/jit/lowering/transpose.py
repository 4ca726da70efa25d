"""TRANSPOSE: runs of contiguous bytes are copied, single elements transposed."""

import math
from collections.abc import Sequence

from npu_hal.api import Transpose
from npu_hal_software.jit.layout import ELEMENT_SIZES, TRANSPOSE_BLOCK
from npu_hal_software.jit.lowering.movement import COPY_AXES, Axis, axis_fields, emit_axes, merged_axes
from npu_hal_software.jit.program import Address, InputAddress, Program, contiguous_steps, position_chunks
from npu_hal_software.jit.record import TRANSPOSE, TRANSPOSE_OUTER_AXES


def fits_transpose(shape: tuple[int, ...], permutation: Sequence[int], itemsize: int) -> bool:
    """Whether one of the kernels has enough axes for a tensor of this shape."""
    axes, element = _moved_axes(shape, permutation, itemsize)
    return len(axes) <= (TRANSPOSE_OUTER_AXES + 2 if element in ELEMENT_SIZES else COPY_AXES)


def lower_transpose(program: Program, operation: Transpose) -> bool:
    """The output's elements in order, from where the input has them."""
    input_ = program.tensor(operation.input)
    if not fits_transpose(input_.shape, operation.permutation, input_.dtype.itemsize):
        return False
    source, mask = program.exact(operation.input)
    target = program.output(operation.output)
    emit_transpose(program, source, target, input_.shape, operation.permutation, input_.dtype.itemsize, mask)
    return True


def emit_transpose(
    program: Program,
    source: Address | InputAddress | int,
    target: Address,
    shape: tuple[int, ...],
    permutation: Sequence[int],
    itemsize: int,
    mask: int = 0,
) -> None:
    """Permute the axes of a tensor of `shape`; every byte is xored with `mask`."""
    axes, element = _moved_axes(shape, permutation, itemsize)
    if len(axes) >= 2 and element in ELEMENT_SIZES:
        _emit_matrices(program, source, target, axes, element, mask)
    else:
        emit_axes(program, source, target, axes, element, mask)


def _moved_axes(shape: tuple[int, ...], permutation: Sequence[int], itemsize: int) -> tuple[list[Axis], int]:
    """The output's axes, neighbours that stay together merged, and the bytes that stay contiguous."""
    input_steps = contiguous_steps(shape, itemsize)
    permuted = tuple(shape[axis] for axis in permutation)
    steps = [input_steps[axis] for axis in permutation]
    return merged_axes(permuted, steps, contiguous_steps(permuted, itemsize), itemsize)


def _emit_matrices(
    program: Program,
    source: Address | InputAddress | int,
    target: Address,
    axes: list[Axis],
    element: int,
    mask: int,
) -> None:
    """The axes on which elements are neighbours, in the input and in the output, span matrices to transpose."""
    *outer, (rows, row_step, _) = axes
    position = next(number for number, (_, input_step, _) in enumerate(outer) if input_step == element)
    columns, _, column_step = outer.pop(position)
    outer = [(1, 0, 0)] * (TRANSPOSE_OUTER_AXES - len(outer)) + outer
    matrices = math.prod(size for size, _, _ in outer)
    blocks = -(-rows // TRANSPOSE_BLOCK) * -(-columns // TRANSPOSE_BLOCK)
    program.emit(
        TRANSPOSE,
        position_chunks(program, matrices * rows * columns * element // 8, matrices * blocks),
        input=source,
        output=target,
        rows=rows,
        columns=columns,
        row_step=row_step,
        column_step=column_step,
        element=element,
        mask=int.from_bytes(bytes([mask]) * 8, "little", signed=True),
        outer=matrices,
        **axis_fields(outer),
    )
