"""ARG_MAX and ARG_MIN of bytes."""

from npu_hal.api import ArgMax, ArgMin, DType, Tensor
from npu_hal_software.jit.lowering.transpose import emit_transpose, fits_transpose
from npu_hal_software.jit.program import Program, position_chunks
from npu_hal_software.jit.record import ARG_EXTREMUM


def lower_arg_extremum(program: Program, operation: ArgMax | ArgMin) -> bool:
    """Rows of bytes, whose order as unsigned numbers is that of the values; along the last axis, or made the last."""
    input_ = program.tensor(operation.input)
    permutation = _compared_last(operation, input_)
    if not input_.dtype.is_quantised8 or not fits_transpose(input_.shape, permutation, 1):
        return False
    depth = input_.shape[operation.axis]
    rows = input_.size // depth
    source = program.stored(operation.input)
    if permutation != tuple(range(len(permutation))):
        moved = program.scratch(input_.size)
        emit_transpose(program, source, moved, input_.shape, permutation, 1)
        source = moved
    program.emit(
        ARG_EXTREMUM,
        position_chunks(program, input_.size // 2, rows),
        input=source,
        output=program.output(operation.output),
        rows=rows,
        depth=depth,
        mask=0 if isinstance(operation, ArgMax) else 0xFF,
        is_long=int(program.tensor(operation.output).dtype is DType.INT64),
    )
    return True


def _compared_last(operation: ArgMax | ArgMin, input_: Tensor) -> tuple[int, ...]:
    return (*(axis for axis in range(len(input_.shape)) if axis != operation.axis), operation.axis)
