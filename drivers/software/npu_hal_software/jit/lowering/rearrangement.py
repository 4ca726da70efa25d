"""Operations that are one copy between strided layouts: slices, blocks and TILE; and PACK.

Stored bytes stay what they are, whatever the element type.
"""

import math
from dataclasses import dataclass

from npu_hal.api import DepthToSpace, Pack, Slice, SpaceToDepth, StridedSlice, Tensor, Tile
from npu_hal_software.jit.lowering.movement import copy_rows, emit_strided_copy, fits_copy
from npu_hal_software.jit.program import Program, contiguous_steps, moved

Rearrangement = Slice | StridedSlice | DepthToSpace | SpaceToDepth | Tile


@dataclass(frozen=True, slots=True)
class CopyLayout:
    """Nested loops over elements: sizes, and steps in bytes; where the input's first element is."""

    start: int
    sizes: tuple[int, ...]
    input_steps: list[int]
    output_steps: list[int]
    itemsize: int


def _copy_layout(operation: Rearrangement, input_: Tensor, output: Tensor) -> CopyLayout:
    """The copy that an operation is; neither tensor is empty."""
    itemsize = input_.dtype.itemsize
    steps = contiguous_steps(input_.shape, itemsize)
    match operation:
        case Slice():
            start = sum(begin * step for begin, step in zip(operation.begin, steps, strict=True))
            return CopyLayout(start, output.shape, steps, contiguous_steps(output.shape, itemsize), itemsize)
        case StridedSlice():
            start = sum(begin * step for begin, step in zip(operation.begin, steps, strict=True))
            strided = [step * stride for step, stride in zip(steps, operation.strides, strict=True)]
            sizes = operation.sizes
            return CopyLayout(start, sizes, strided, contiguous_steps(sizes, itemsize), itemsize)
        case DepthToSpace() | SpaceToDepth():
            return _blocks(operation, input_, output)
        case Tile():
            output_steps = contiguous_steps(output.shape, itemsize)
            sizes = tuple(size for pair in zip(operation.multiples, input_.shape, strict=True) for size in pair)
            repeats = [step * size for step, size in zip(output_steps, input_.shape, strict=True)]
            return CopyLayout(
                0,
                sizes,
                [step for own in steps for step in (0, own)],
                [step for pair in zip(repeats, output_steps, strict=True) for step in pair],
                itemsize,
            )


def _blocks(operation: DepthToSpace | SpaceToDepth, input_: Tensor, output: Tensor) -> CopyLayout:
    """Rows of blocks, rows within a block, blocks, and the contiguous bytes of a row of one block."""
    itemsize, block = input_.dtype.itemsize, operation.block_size
    deep, flat = (input_, output) if isinstance(operation, DepthToSpace) else (output, input_)
    batch, height, width, depth = deep.shape
    row = block * flat.shape[3]
    sizes = (batch * height, block, width, row)
    deep_steps = [width * depth * itemsize, row * itemsize, depth * itemsize, itemsize]
    flat_row = flat.shape[2] * flat.shape[3] * itemsize
    flat_steps = [block * flat_row, flat_row, row * itemsize, itemsize]
    if isinstance(operation, DepthToSpace):
        return CopyLayout(0, sizes, deep_steps, flat_steps, itemsize)
    return CopyLayout(0, sizes, flat_steps, deep_steps, itemsize)


def lower_rearrangement(program: Program, operation: Rearrangement) -> bool:
    """One copy, if the kernel has enough axes."""
    layout = _copy_layout(operation, program.tensor(operation.input), program.tensor(operation.output))
    if not fits_copy(layout.sizes, layout.input_steps, layout.output_steps, layout.itemsize):
        return False
    emit_strided_copy(
        program,
        moved(program.stored(operation.input), layout.start),
        program.output(operation.output),
        layout.sizes,
        layout.input_steps,
        layout.output_steps,
        layout.itemsize,
    )
    return True


def lower_pack(program: Program, operation: Pack) -> bool:
    """Each input is copied to its columns."""
    input_ = program.tensor(operation.packed[0])
    rows = math.prod(input_.shape[: operation.axis])
    part = input_.nbytes // rows
    target = program.output(operation.output)
    for number, index in enumerate(operation.packed):
        source, mask = program.exact(index)
        copy_rows(program, source, target.moved(number * part), rows, part, part, part * len(operation.packed), mask)
    return True
