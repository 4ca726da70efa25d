"""TRANSPOSE: runs of contiguous bytes are copied, single elements transposed."""

import math

from npu_hal.api import Tensor, Transpose
from npu_hal_software.jit.lowering.movement import COPY_AXES, emit_strided_copy, merged_axes
from npu_hal_software.jit.program import Address, InputAddress, Program, contiguous_steps, position_chunks
from npu_hal_software.jit.record import TRANSPOSE, TRANSPOSE_OUTER_AXES
from npu_hal_software.jit.transpose import BLOCK, ELEMENT_SIZES

# Size, and bytes from one index to the next on the input's and on the output's side.
Axis = tuple[int, int, int]


def fits_transpose(operation: Transpose, input_: Tensor, output: Tensor) -> bool:
    """Whether one of the kernels has enough axes."""
    axes, element = _moved_axes(operation, input_, output)
    return len(axes) <= (TRANSPOSE_OUTER_AXES + 2 if element in ELEMENT_SIZES else COPY_AXES)


def lower_transpose(program: Program, operation: Transpose) -> None:
    """The output's elements in order, from the input's strides in the permutation's order."""
    input_, output = program.tensor(operation.input), program.tensor(operation.output)
    source, mask = program.exact(operation.input)
    target = program.output(operation.output)
    axes, element = _moved_axes(operation, input_, output)
    if len(axes) >= 2 and element in ELEMENT_SIZES:
        _emit_transpose(program, source, target, axes, element, mask)
    else:
        input_steps, output_steps = _steps(operation, input_, output)
        emit_strided_copy(program, source, target, output.shape, input_steps, output_steps, output.dtype.itemsize, mask)


def _steps(operation: Transpose, input_: Tensor, output: Tensor) -> tuple[list[int], list[int]]:
    """Bytes from one index of each of the output's axes to the next, in the input and in the output."""
    steps = contiguous_steps(input_.shape, input_.dtype.itemsize)
    return [steps[axis] for axis in operation.permutation], contiguous_steps(output.shape, output.dtype.itemsize)


def _moved_axes(operation: Transpose, input_: Tensor, output: Tensor) -> tuple[list[Axis], int]:
    """The output's axes, neighbours that stay together merged, and the bytes that stay contiguous."""
    return merged_axes(output.shape, *_steps(operation, input_, output), output.dtype.itemsize)


def _emit_transpose(
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
    fields: dict[str, int] = {}
    for number, (size, input_step, output_step) in enumerate(outer):
        fields |= {
            f"size_{number}": size,
            f"input_step_{number}": input_step,
            f"output_step_{number}": output_step,
        }
    matrices = math.prod(size for size, _, _ in outer)
    blocks = -(-rows // BLOCK) * -(-columns // BLOCK)
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
        **fields,
    )
