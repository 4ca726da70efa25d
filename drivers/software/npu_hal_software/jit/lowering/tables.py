"""Functions of one 8-bit value by tables: activations, requantisation, softmax."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from npu_hal.api import Softmax, Tensor
from npu_hal_software.jit.program import Program, position_chunks, stored_offset
from npu_hal_software.jit.record import LOOKUP, SOFTMAX


def lower_table(
    program: Program, input_index: int, output_index: int, function: Callable[[Tensor, Tensor], NDArray[np.uint8]]
) -> None:
    """Look every stored byte up in the table of 256 that `function` gives; nothing is done for the identity."""
    input_, output = program.tensor(input_index), program.tensor(output_index)
    table = function(input_, output)
    if np.array_equal(table, np.arange(256)):
        program.alias(output_index, input_index)
        return
    program.emit(
        LOOKUP,
        position_chunks(program, input_.size, 64),
        input=program.stored(input_index),
        output=program.output(output_index),
        count=input_.size,
        table=program.constant(table),
    )


def lower_softmax(program: Program, operation: Softmax) -> None:
    """Rows along the last axis."""
    input_, output = program.tensor(operation.input), program.tensor(operation.output)
    depth = input_.shape[-1]
    rows = input_.size // max(depth, 1)
    scale = np.float32(output.affine().scale)
    program.emit(
        SOFTMAX,
        position_chunks(program, input_.size * 4, rows),
        input=program.stored(operation.input),
        output=program.output(operation.output),
        rows=rows,
        depth=depth,
        table=program.constant(exponential_table(input_, operation.beta)),
        scale=int(scale.view(np.int32)),
        offset=output.affine().zero_point + stored_offset(output),
        low=0,
        high=255,
    )


def exponential_table(input_: Tensor, beta: float) -> NDArray[np.float32]:
    """exp(-scale * beta * (255 - i)) for i from 0 to 255, as TensorFlow Lite's PopulateSoftmaxLookupTable."""
    scale = np.float32(-np.float32(input_.affine().scale) * np.float32(beta))
    distance = (255 - np.arange(256)).astype(np.float32)
    return np.exp(scale * distance).astype(np.float32)
