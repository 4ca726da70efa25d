"""ARG_MAX and ARG_MIN of bytes along the last axis."""

from npu_hal.api import ArgMax, ArgMin, DType
from npu_hal_software.jit.arg_extremum import LARGEST_DEPTH
from npu_hal_software.jit.program import Program, position_chunks
from npu_hal_software.jit.record import ARG_EXTREMUM


def lower_arg_extremum(program: Program, operation: ArgMax | ArgMin) -> bool:
    """Rows of bytes, whose order as unsigned numbers is that of the values; of no more than keys have room for."""
    input_ = program.tensor(operation.input)
    depth = input_.shape[-1]
    if not input_.dtype.is_quantised8 or operation.axis != input_.rank - 1 or depth > LARGEST_DEPTH:
        return False
    rows = input_.size // depth
    program.emit(
        ARG_EXTREMUM,
        position_chunks(program, input_.size // 2, rows),
        input=program.stored(operation.input),
        output=program.output(operation.output),
        rows=rows,
        depth=depth,
        mask=0 if isinstance(operation, ArgMax) else 0xFF,
        is_long=int(program.tensor(operation.output).dtype is DType.INT64),
    )
    return True
