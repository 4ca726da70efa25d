"""Functions of one 8-bit value: activations and changes of quantisation, by tables of all 256 results."""

import numpy as np
from numpy.typing import NDArray

from npu_hal.api import DType, Operation, Tensor
from npu_hal_software.jit.lowering.definition import compile_definition
from npu_hal_software.jit.lowering.xnnpack_tables import xnnpack_table
from npu_hal_software.jit.program import SIGN_BIT, Address, Program, position_chunks
from npu_hal_software.jit.record import LOOKUP


def lower_table(program: Program, operation: Operation) -> bool:
    """Look every stored byte up; nothing is done if stored bytes stay what they are."""
    (input_index,), (output_index,) = operation.inputs, operation.outputs
    tensors = program.tensor(input_index), program.tensor(output_index)
    table = xnnpack_table(operation, *tensors) if program.rounding == "xnnpack" else None
    if table is None:
        table = stored_table(operation, *tensors)
    size = program.tensor(input_index).size
    if is_identity(table):
        program.alias(output_index, input_index)
    else:
        emit_lookup(program, program.stored(input_index), program.output(output_index), size, table)
    return True


def is_identity(table: NDArray[np.uint8]) -> bool:
    """Whether stored bytes stay what they are."""
    return np.array_equal(table, np.arange(256))


def emit_lookup(program: Program, source: Address | int, target: Address, size: int, table: NDArray[np.uint8]) -> None:
    """Look `size` bytes up."""
    program.emit(
        LOOKUP,
        position_chunks(program, size, max(size // 64, 1)),
        input=source,
        output=target,
        count=size,
        table=program.constant(table),
    )


def stored_table(operation: Operation, input_: Tensor, output: Tensor) -> NDArray[np.uint8]:
    """The stored result for each stored byte, from the reference level's definition of the operation."""
    values = np.arange(256, dtype=np.uint8)
    if input_.dtype is DType.INT8:
        values = values ^ np.uint8(SIGN_BIT)
    domain = input_.model_copy(update={"shape": (256,)})
    image = output.model_copy(update={"shape": (256,)})
    renumbered = operation.renumbered({operation.inputs[0]: 0, operation.outputs[0]: 1}.__getitem__)
    results = np.empty(256, output.dtype.numpy)
    with np.errstate(all="ignore"):
        kernel = compile_definition(renumbered, (domain, image))
        kernel([values.view(input_.dtype.numpy)], [results])
    stored = results.view(np.uint8)
    return stored ^ np.uint8(SIGN_BIT) if output.dtype is DType.INT8 else stored
