"""SOFTMAX of 8-bit tensors: by a table of the reference's fixed-point exponentials."""

import numpy as np
from numpy.typing import NDArray

from npu_hal.api import Softmax
from npu_hal_software.jit.packing.memory import SLACK, align
from npu_hal_software.jit.program import Program, position_chunks
from npu_hal_software.jit.record import SOFTMAX
from npu_hal_software.reference.fixed_point import (
    FixedPointMultiplier,
    rounding_doubling_high_multiply,
    wrap_int32,
)
from npu_hal_software.reference.fixed_point_exp import INTEGER_BITS_OF_ARGUMENT, exp_of_negative


def lower_softmax(program: Program, operation: Softmax) -> bool:
    """Rows along the last axis."""
    input_ = program.tensor(operation.input)
    depth = input_.shape[-1]
    rows = input_.size // max(depth, 1)
    exponentials = exponential_table(input_.affine().scale, operation.beta)
    chunks = position_chunks(program, input_.size, rows)
    scratch_bytes = align(4 * depth + SLACK)
    program.emit(
        SOFTMAX,
        chunks,
        input=program.stored(operation.input),
        output=program.output(operation.output),
        rows=rows,
        depth=depth,
        table=program.constant(exponentials.astype(np.int32)),
        scratch=program.scratch(chunks * scratch_bytes),
        scratch_bytes=scratch_bytes,
    )
    return True


def exponential_table(scale: float, beta: float) -> NDArray[np.int64]:
    """``exp(-i * beta * scale)`` with 0 integer bits for i = 0..255; 0 where the argument has no 5 integer bits."""
    fraction_bits = 31 - INTEGER_BITS_OF_ARGUMENT
    real = np.float64(np.float32(beta)) * np.float64(np.float32(scale)) * 2.0**fraction_bits
    multiplier = FixedPointMultiplier.from_real(min(real, 2.0**31 - 1.0))
    exponent = int(multiplier.exponents)
    differences = -np.arange(256, dtype=np.int64)
    shifted = wrap_int32(differences << max(exponent, 0))
    arguments = rounding_doubling_high_multiply(shifted, multiplier.significands)
    least = -int(np.floor(((1 << INTEGER_BITS_OF_ARGUMENT) - 1) * 2.0 ** (fraction_bits - exponent)))
    counted = differences >= least
    return np.where(counted, exp_of_negative(np.where(counted, arguments, 0)), 0)
