"""DIV and FLOOR_DIV, broadcast as in numpy. Integer DIV rounds towards zero, FLOOR_DIV towards minus infinity.

8-bit DIV (uint8 only), with a and b centred, b positive (else both are negated) and n the bits that |a| leaves free:

    y = clamp(zero_point_y + round(round(a * 2**n * (1 / b)) * scale_a / (scale_b * scale_y) / 2**n))

the reciprocal as `fixed_point_exp` computes it. Where the last right shift is by 32 bits or more nothing but the zero
point is left; TensorFlow Lite leaves that undefined. A divisor of 0 is refused, but for floats.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from npu_hal.api import Array, Div, DType, FloorDiv, InvalidInput, Tensor
from npu_hal_software.reference.fixed_point import (
    FixedPointMultiplier,
    Integers,
    rounding_divide_by_power_of_two,
    rounding_doubling_high_multiply,
)
from npu_hal_software.reference.fixed_point_exp import reciprocal
from npu_hal_software.reference.kernel import Kernel
from npu_hal_software.reference.quantized import activation_range, multiplier_problem, range_of, scale_of, zero_point_of

# Of words of 32 bits, this leaves 0.
LARGEST_RIGHT_SHIFT = 33
# The bits that an 8-bit difference leaves free of a word, at least: further left the quotient cannot be shifted.
SMALLEST_HEADROOM = 23


def compile_div(operation: Div, tensors: Sequence[Tensor]) -> Kernel:
    """The kernel of a division."""
    dtype = tensors[operation.output].dtype
    if dtype.is_quantised8:
        return _compile_quantised(operation, tensors)
    low, high = range_of(dtype, operation.activation)

    def run(inputs: Sequence[Array], outputs: Sequence[Array]) -> None:
        lhs, rhs = inputs
        if dtype is DType.FLOAT32:
            quotients = lhs / rhs
        else:
            _require_divisors(rhs, operation)
            # In int64, where the smallest int32 has a magnitude.
            magnitudes = np.abs(lhs.astype(np.int64)) // np.abs(rhs.astype(np.int64))
            quotients = (magnitudes * np.sign(lhs) * np.sign(rhs)).astype(np.int32)
        np.clip(quotients, low, high, out=outputs[0])

    return run


def _compile_quantised(operation: Div, tensors: Sequence[Tensor]) -> Kernel:
    lhs, rhs, output = (tensors[index] for index in (operation.lhs, operation.rhs, operation.output))
    multiplier = FixedPointMultiplier.from_real(_quotient_multiplier(lhs, rhs, output))
    low, high = activation_range(operation.activation, output)

    def run(inputs: Sequence[Array], outputs: Sequence[Array]) -> None:
        a = inputs[0].astype(np.int64) - zero_point_of(lhs)
        b = inputs[1].astype(np.int64) - zero_point_of(rhs)
        _require_divisors(b, operation)
        quotients, exponents = _quotients(a * np.sign(b), np.abs(b))
        scaled = rounding_doubling_high_multiply(quotients, multiplier.significands)
        right_shifts = np.minimum(exponents - multiplier.exponents, LARGEST_RIGHT_SHIFT)
        steps = rounding_divide_by_power_of_two(scaled, right_shifts)
        outputs[0][...] = np.clip(steps + zero_point_of(output), low, high)

    return run


def _quotients(a: Integers, b: Integers) -> tuple[Integers, Integers]:
    """``a / b`` as a 32-bit word and the right shift to apply to it; b is positive."""
    inverse, shift = reciprocal(b, 31)
    # frexp's exponent is the bit length.
    headroom = 31 - np.frexp(np.where(a < 0, ~a, a).astype(np.float64))[1].astype(np.int64)
    return rounding_doubling_high_multiply(a << headroom, inverse), shift + headroom


def _quotient_multiplier(lhs: Tensor, rhs: Tensor, output: Tensor) -> np.float64:
    # All in float32, as the scales are.
    return np.float64(scale_of(lhs) / (scale_of(rhs) * scale_of(output)))


def div_refusal(operation: Div, tensors: Sequence[Tensor]) -> str:
    """Why the operands' scales cannot be brought together, or ""."""
    lhs, rhs, output = (tensors[index] for index in (operation.lhs, operation.rhs, operation.output))
    if lhs.dtype is DType.INT8:
        return "DIV of int8 is not defined; uint8 is"
    if lhs.dtype is not DType.UINT8:
        return ""
    real = _quotient_multiplier(lhs, rhs, output)
    if real >= 1 << (SMALLEST_HEADROOM - 1):
        return f"its scales ask for a multiplication by {real:g}; fixed-point arithmetic of DIV ends below 2**22"
    return multiplier_problem(real)


def compile_floor_div(operation: FloorDiv, tensors: Sequence[Tensor]) -> Kernel:
    """The kernel of a division that rounds down."""
    is_float = tensors[operation.output].dtype is DType.FLOAT32

    def run(inputs: Sequence[Array], outputs: Sequence[Array]) -> None:
        if is_float:
            np.floor(inputs[0] / inputs[1], out=outputs[0])
        else:
            _require_divisors(inputs[1], operation)
            np.floor_divide(inputs[0], inputs[1], out=outputs[0])

    return run


def _require_divisors(divisors: NDArray[Any], operation: Any) -> None:
    if not divisors.all():
        raise InvalidInput(f"{operation.kind} of integers has a divisor of 0")
