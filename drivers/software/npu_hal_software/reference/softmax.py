"""SOFTMAX along the last axis.

Float32: ``exp(beta * (x - max)) / sum(exp(beta * (x - max)))``.

8-bit: with d = x - max as stored, at least `Differences.least` (others count as 0),

    e(d) = exp(d * beta * scale_x)        d * beta * scale_x in fixed point with 5 integer bits, e with 0
    sum  = sum of e(d)                    each rounded to 12 integer bits
    y    = lowest + round(256 * e(d) * (1 / sum))

all as `fixed_point_exp` computes it, so that the output's scale is 1/256 and its zero point the lowest value.
"""

from collections.abc import Sequence

import numpy as np

from npu_hal.api import Array, DType, Softmax, Tensor
from npu_hal_software.reference.fixed_point import rounding_divide_by_power_of_two, rounding_doubling_high_multiply
from npu_hal_software.reference.fixed_point_exp import reciprocal
from npu_hal_software.reference.kernel import Kernel
from npu_hal_software.reference.softmax_differences import Differences, input_multiplier

INTEGER_BITS_OF_SUM = 12
OUTPUT_SCALE = np.float32(1 / 256)


def compile_softmax(operation: Softmax, tensors: Sequence[Tensor]) -> Kernel:
    """The kernel of a softmax."""
    source, result = tensors[operation.input], tensors[operation.output]
    if source.dtype is DType.FLOAT32:
        return _compile_float(operation)
    low, high = result.dtype.integer_range
    exponentials = Differences.of(operation.beta, source).exponentials
    for_sum = rounding_divide_by_power_of_two(exponentials, INTEGER_BITS_OF_SUM)

    def run(inputs: Sequence[Array], outputs: Sequence[Array]) -> None:
        x = inputs[0].astype(np.int64)
        below_max = x.max(axis=-1, keepdims=True, initial=source.dtype.integer_range[0]) - x
        scale, shift = reciprocal(for_sum[below_max].sum(axis=-1, keepdims=True), INTEGER_BITS_OF_SUM)
        shares = rounding_doubling_high_multiply(exponentials[below_max], scale)
        steps = rounding_divide_by_power_of_two(shares, shift + 31 - 8)
        outputs[0][...] = np.clip(steps + low, low, high)

    return run


def _compile_float(operation: Softmax) -> Kernel:
    beta = np.float32(operation.beta)

    def run(inputs: Sequence[Array], outputs: Sequence[Array]) -> None:
        x = inputs[0]
        exponentials = np.exp((x - x.max(axis=-1, keepdims=True, initial=-np.inf)) * beta)
        np.divide(exponentials, exponentials.sum(axis=-1, keepdims=True), out=outputs[0])

    return run


def softmax_refusal(operation: Softmax, tensors: Sequence[Tensor]) -> str:
    """Why a quantised softmax cannot be computed with these scales, or ""."""
    source, result = tensors[operation.input], tensors[operation.output]
    if source.dtype is DType.FLOAT32:
        return ""
    low, _ = result.dtype.integer_range
    output = result.affine()
    if np.float32(output.scale) != OUTPUT_SCALE or output.zero_point != low:
        return (
            f"a quantised softmax gives steps of 1/256 from {low}; the output has scale {output.scale:g} "
            f"and zero point {output.zero_point}"
        )
    if int(input_multiplier(operation.beta, source).exponents) < 0:
        return f"beta times the input's scale, {operation.beta * source.affine().scale:g}, is below 2**-26"
    return ""
