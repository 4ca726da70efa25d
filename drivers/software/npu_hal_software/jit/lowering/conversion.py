"""QUANTIZE of float32, DEQUANTIZE and CAST of bytes to it."""

import numpy as np

from npu_hal.api import Cast, Dequantize, Quantize
from npu_hal_software.jit.program import Program, position_chunks, stored_offset
from npu_hal_software.jit.record import DEQUANTIZE, QUANTIZE


def lower_conversion(program: Program, operation: Quantize | Dequantize) -> None:
    """One kernel for each direction; bytes are quantised per tensor."""
    is_quantize = isinstance(operation, Quantize)
    stored = program.tensor(operation.output if is_quantize else operation.input)
    low, high = stored.dtype.integer_range
    # Floats have no mask: their kernel may read them where the caller has them.
    source = program.exact(operation.input)[0] if is_quantize else program.stored(operation.input)
    program.emit(
        QUANTIZE if is_quantize else DEQUANTIZE,
        position_chunks(program, stored.size // 2, max(stored.size // 64, 1)),
        input=source,
        output=program.output(operation.output),
        count=stored.size,
        scale=int(np.float32(stored.affine().scale).view(np.int32)),
        zero_point=stored.affine().zero_point,
        low=low,
        high=high,
        offset=stored_offset(stored),
    )


def lower_byte_cast(program: Program, operation: Cast) -> None:
    """Bytes as they are: a scale of 1 and a zero point of 0."""
    stored = program.tensor(operation.input)
    program.emit(
        DEQUANTIZE,
        position_chunks(program, stored.size // 2, max(stored.size // 64, 1)),
        input=program.stored(operation.input),
        output=program.output(operation.output),
        count=stored.size,
        scale=int(np.float32(1).view(np.int32)),
        zero_point=0,
        offset=stored_offset(stored),
    )
