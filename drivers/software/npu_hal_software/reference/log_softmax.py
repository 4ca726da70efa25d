"""LOG_SOFTMAX along the last axis.

Float32: ``x - max - log(sum(exp(x - max)))``.

8-bit: with d = x - max as stored, a(d) = d * scale_x with 5 integer bits and e(d) = exp(a(d)) as in SOFTMAX,

    l  = log(sum of e(d))                     sums with 12 integer bits, l with 5
    y  = clamp(highest + round(a(d) - l))     to 4 integer bits, which leaves steps of 1/16

so that the output's scale is 1/16 and its zero point the highest value. Differences that are too small for a(d) - l to
fit the word give the lowest value.
"""

from collections.abc import Sequence

import numpy as np

from npu_hal.api import Array, DType, LogSoftmax, Tensor
from npu_hal_software.reference.fixed_point import (
    INT32_MAX,
    FixedPointMultiplier,
    rounding_divide_by_power_of_two,
)
from npu_hal_software.reference.fixed_point_exp import INTEGER_BITS_OF_ARGUMENT
from npu_hal_software.reference.fixed_point_log import log_of_at_least_one
from npu_hal_software.reference.kernel import Kernel
from npu_hal_software.reference.softmax_differences import Differences, input_multiplier

INTEGER_BITS_OF_SUM = 12
INTEGER_BITS_OF_OUTPUT = 4
OUTPUT_SCALE = np.float32(1 / 16)


def compile_log_softmax(operation: LogSoftmax, tensors: Sequence[Tensor]) -> Kernel:
    """The kernel of the logarithm of a softmax."""
    source, result = tensors[operation.input], tensors[operation.output]
    if source.dtype is DType.FLOAT32:
        return _run_float
    low, high = result.dtype.integer_range
    differences = Differences.of(1.0, source)
    for_sum = rounding_divide_by_power_of_two(differences.exponentials, INTEGER_BITS_OF_SUM)
    to_stored = _inverse_multiplier(source)

    def run(inputs: Sequence[Array], outputs: Sequence[Array]) -> None:
        x = inputs[0].astype(np.int64)
        below_max = x.max(axis=-1, keepdims=True, initial=low) - x
        sums = for_sum[below_max].sum(axis=-1, keepdims=True)
        log_sums = log_of_at_least_one(sums, INTEGER_BITS_OF_SUM, INTEGER_BITS_OF_ARGUMENT)
        too_small = np.maximum(differences.least - 1, to_stored.multiply(log_sums - INT32_MAX - 1))
        steps = rounding_divide_by_power_of_two(
            differences.arguments[below_max] - log_sums, 31 - INTEGER_BITS_OF_ARGUMENT - INTEGER_BITS_OF_OUTPUT
        )
        outputs[0][...] = np.where(-below_max > too_small, np.clip(steps + high, low, high), low)

    return run


def _run_float(inputs: Sequence[Array], outputs: Sequence[Array]) -> None:
    below_max = inputs[0] - inputs[0].max(axis=-1, keepdims=True, initial=-np.inf)
    np.subtract(below_max, np.log(np.exp(below_max).sum(axis=-1, keepdims=True)), out=outputs[0])


def _inverse_multiplier(source: Tensor) -> FixedPointMultiplier:
    """From arguments of the exponential to differences as stored."""
    multiplier = input_multiplier(1.0, source)
    return FixedPointMultiplier.from_real(2.0 ** (31 - int(multiplier.exponents)) / float(multiplier.significands))


def log_softmax_refusal(operation: LogSoftmax, tensors: Sequence[Tensor]) -> str:
    """Why a quantised logarithm of a softmax cannot be computed with these scales, or ""."""
    source, result = tensors[operation.input], tensors[operation.output]
    if source.dtype is DType.FLOAT32:
        return ""
    _, high = result.dtype.integer_range
    output = result.affine()
    if np.float32(output.scale) != OUTPUT_SCALE or output.zero_point != high:
        return (
            f"a quantised LOG_SOFTMAX gives steps of 1/16 below {high}; the output has scale {output.scale:g} "
            f"and zero point {output.zero_point}"
        )
    if source.shape[-1] >= 1 << INTEGER_BITS_OF_SUM:
        return f"a quantised LOG_SOFTMAX sums up to {(1 << INTEGER_BITS_OF_SUM) - 1} elements, not {source.shape[-1]}"
    if int(input_multiplier(1.0, source).exponents) < 1:
        return f"the input's scale {source.affine().scale:g} is below 2**-26"
    return ""
