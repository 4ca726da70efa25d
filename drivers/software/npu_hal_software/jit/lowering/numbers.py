"""Arithmetic of float32 and int32 tensors of one shape, or of a tensor and a single number."""

from collections.abc import Sequence

import numpy as np

from npu_hal.api import Activation, Add, Cast, Div, DType, FloorDiv, Mul, Sqrt, Sub, Tensor
from npu_hal_software.jit.layout import NUMBER_FUNCTIONS, NUMBER_LANES
from npu_hal_software.jit.lowering.conversion import lower_byte_cast
from npu_hal_software.jit.program import Program, position_chunks
from npu_hal_software.jit.record import NUMBERS

NumberOperation = Add | Sub | Mul | Div | FloorDiv | Sqrt | Cast
_CODES = {name: code for code, name in enumerate(NUMBER_FUNCTIONS)}


def _fits_numbers(operation: NumberOperation, tensors: Sequence[Tensor]) -> bool:
    """Whether the kernel has the function for these types and shapes."""
    operands = [tensors[index] for index in operation.inputs]
    output = tensors[operation.output]
    if isinstance(operation, FloorDiv) and not _is_positive_number(operands[1]):
        return False
    if isinstance(operation, Cast) and output.dtype is not DType.FLOAT32:
        return False
    return _function_name(operation, operands[0]) in _CODES and all(
        operand.size in (1, output.size) for operand in operands
    )


def _is_positive_number(tensor: Tensor) -> bool:
    """Other divisors may be 0, of which the caller is told."""
    return tensor.is_constant and tensor.size == 1 and bool(tensor.constant().reshape(()) > 0)


def _function_name(operation: NumberOperation, operand: Tensor) -> str:
    return f"{operation.kind} {operand.dtype}"


def lower_numbers(program: Program, operation: NumberOperation) -> bool:
    """Both operands of a function of one are the same."""
    if not _fits_numbers(operation, program.graph.tensors):
        return False
    inputs = operation.inputs
    lhs, rhs = inputs[0], inputs[-1]
    output = program.tensor(operation.output)
    low, high = _bounds(getattr(operation, "activation", Activation.NONE), output.dtype)
    program.emit(
        NUMBERS,
        position_chunks(program, output.size // 4, max(output.size // NUMBER_LANES, 1)),
        lhs=program.stored(lhs),
        rhs=program.stored(rhs),
        lhs_step=int(program.tensor(lhs).size > 1),
        rhs_step=int(program.tensor(rhs).size > 1),
        output=program.output(operation.output),
        count=output.size,
        function=_CODES[_function_name(operation, program.tensor(lhs))],
        low=low,
        high=high,
    )
    return True


def lower_cast(program: Program, operation: Cast) -> bool:
    """Of bytes or int32, to float32."""
    return lower_byte_cast(program, operation) or lower_numbers(program, operation)


def _bounds(activation: Activation, dtype: DType) -> tuple[int, int]:
    """Of a fused activation, as fields of a record."""
    if dtype is DType.FLOAT32:
        low, high = (int(np.float32(bound).view(np.int32)) for bound in activation.bounds)
        return low, high
    smallest, largest = dtype.integer_range
    return int(max(activation.bounds[0], smallest)), int(min(activation.bounds[1], largest))
