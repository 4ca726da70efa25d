"""GATHER, GATHER_ND and EMBEDDING_LOOKUP: slices at computed indices."""

import math
from collections.abc import Sequence

from npu_hal.api import EmbeddingLookup, Gather, GatherNd, Tensor
from npu_hal_software.jit.lowering.fallback import refusal_by_reference
from npu_hal_software.jit.program import Program, contiguous_steps, position_chunks
from npu_hal_software.jit.record import LOOK_UP_SLICES, LOOK_UP_SLICES_DEPTH

SliceLookup = Gather | GatherNd | EmbeddingLookup


def _fits_look_up_slices(operation: SliceLookup, tensors: Sequence[Tensor]) -> bool:
    """Whether the kernel has room for as many indices of a slice."""
    if isinstance(operation, Gather):
        return operation.batch_dims == 0
    return len(_looked_up_axes(operation, tensors)) <= LOOK_UP_SLICES_DEPTH


def lower_look_up_slices(program: Program, operation: SliceLookup) -> bool:
    """The definition in numpy says what is wrong if an index is outside of the input."""
    tensors = program.graph.tensors
    if not _fits_look_up_slices(operation, tensors):
        return False
    source, indices = _operands(operation)
    input_, index = tensors[source], tensors[indices]
    axes = _looked_up_axes(operation, tensors)
    steps = contiguous_steps(input_.shape, input_.dtype.itemsize)
    blocks = math.prod(input_.shape[: axes.start])
    rows = index.size // len(axes) if isinstance(operation, GatherNd) else index.size
    count = math.prod(input_.shape[axes.stop :]) * input_.dtype.itemsize
    fields: dict[str, int] = {}
    for number, axis in enumerate(axes):
        fields |= {f"size_{number}": input_.shape[axis], f"step_{number}": steps[axis]}
    program.emit(
        LOOK_UP_SLICES,
        position_chunks(program, blocks * rows * count // 8, blocks * rows),
        input=program.stored(source),
        output=program.output(operation.output),
        indices=program.stored(indices),
        index_bytes=index.dtype.itemsize,
        blocks=blocks,
        block_step=math.prod(input_.shape[axes.start :]) * input_.dtype.itemsize,
        rows=rows,
        depth=len(axes),
        bytes=count,
        refusal=refusal_by_reference(program, operation),
        **fields,
    )
    return True


def _operands(operation: SliceLookup) -> tuple[int, int]:
    """The tensor that is looked up in, and that of the indices."""
    if isinstance(operation, EmbeddingLookup):
        return operation.values, operation.lookups
    return operation.input, operation.indices


def _looked_up_axes(operation: SliceLookup, tensors: Sequence[Tensor]) -> range:
    """The axes of the input that indices are for."""
    if isinstance(operation, Gather):
        return range(operation.axis, operation.axis + 1)
    if isinstance(operation, GatherNd):
        return range(tensors[operation.indices].shape[-1])
    return range(1)
