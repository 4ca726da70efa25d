"""QUANTIZE of float32, and DEQUANTIZE to it."""

import numpy as np

from npu_hal.api import Dequantize, DType, Quantize
from npu_hal_software.jit.program import Program, position_chunks, stored_offset
from npu_hal_software.jit.record import DEQUANTIZE, QUANTIZE


def lower_conversion(program: Program, operation: Quantize | Dequantize) -> bool:
    """One kernel for each direction; bytes are quantised per tensor."""
    is_quantize = isinstance(operation, Quantize)
    ends = program.tensor(operation.output), program.tensor(operation.input)
    stored, real = ends if is_quantize else ends[::-1]
    if real.dtype is not DType.FLOAT32 or not stored.dtype.is_quantised8 or stored.affine().is_per_axis:
        return False
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
    return True
