"""MINIMUM and MAXIMUM of bytes: of two tensors of one shape, or of a tensor and a constant number."""

import numpy as np

from npu_hal.api import Maximum, Minimum, Tensor
from npu_hal_software.jit.extremum import LANES
from npu_hal_software.jit.program import Address, Program, position_chunks, stored_mask
from npu_hal_software.jit.record import EXTREMUM


def _fits(program: Program, operation: Minimum | Maximum) -> bool:
    """Whether the operands have one shape, or one is a constant number."""
    lhs, rhs, output = (program.tensor(index) for index in (operation.lhs, operation.rhs, operation.output))
    return all(tensor.shape == output.shape or _is_number(tensor) for tensor in (lhs, rhs)) and not (
        _is_number(lhs) and _is_number(rhs)
    )


def _is_number(tensor: Tensor) -> bool:
    return tensor.is_constant and tensor.size == 1


def lower_extremum(program: Program, operation: Minimum | Maximum) -> bool:
    """Bytes in their order as unsigned numbers, which is that of the values."""
    if not _fits(program, operation):
        return False
    lhs, rhs = operation.lhs, operation.rhs
    if _is_number(program.tensor(lhs)):
        lhs, rhs = rhs, lhs
    number = program.tensor(rhs)
    if _is_number(number):
        value = int(number.constant().reshape(-1).view(np.uint8)[0]) ^ stored_mask(number)
        right: Address | int = program.constant(np.full(LANES, value, np.uint8))
    else:
        right = program.stored(rhs)
    size = program.tensor(operation.output).size
    program.emit(
        EXTREMUM,
        position_chunks(program, size // 16, max(size // LANES, 1)),
        lhs=program.stored(lhs),
        rhs=right,
        rhs_step=int(not _is_number(number)),
        output=program.output(operation.output),
        count=size,
        is_maximum=int(isinstance(operation, Maximum)),
    )
    return True
