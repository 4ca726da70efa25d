"""QUANTIZE of float32, DEQUANTIZE and CAST of bytes to it."""

from typing import TYPE_CHECKING

import numpy as np

from npu_hal.api import Dequantize, DType, Quantize
from npu_hal_software.jit.program import Program, position_chunks, stored_offset
from npu_hal_software.jit.record import DEQUANTIZE, QUANTIZE

if TYPE_CHECKING:
    from npu_hal.api import Cast


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
    scale = np.float32(stored.affine().scale)
    if is_quantize and program.rounding == "xnnpack":
        scale = np.float32(1) / scale
    program.emit(
        QUANTIZE if is_quantize else DEQUANTIZE,
        position_chunks(program, stored.size // 2, max(stored.size // 64, 1)),
        input=source,
        output=program.output(operation.output),
        count=stored.size,
        scale=int(scale.view(np.int32)),
        zero_point=stored.affine().zero_point,
        low=low,
        high=high,
        offset=stored_offset(stored),
    )
    return True


def lower_byte_cast(program: Program, operation: "Cast") -> bool:
    """Bytes as they are: a scale of 1 and a zero point of 0."""
    stored = program.tensor(operation.input)
    if not stored.dtype.is_quantised8 or program.tensor(operation.output).dtype is not DType.FLOAT32:
        return False
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
    return True
