"""MEAN along axes.

8-bit: the sum of ``x - zero_point_x`` over the n elements is multiplied by ``scale_x / (scale_y * n)`` in fixed point.
The division by n is folded into the significand of ``scale_x / scale_y``, which is first shifted left by as many bits
as n has (less one), and rounded down.
"""

from collections.abc import Sequence

import numpy as np

from npu_hal.api import Array, DType, Mean, Tensor
from npu_hal_software.reference.fixed_point import FixedPointMultiplier
from npu_hal_software.reference.kernel import Kernel
from npu_hal_software.reference.quantized import OutputStage, multiplier_problem, scale_of, zero_point_of


def compile_mean(operation: Mean, tensors: Sequence[Tensor]) -> Kernel:
    """The kernel of a mean."""
    source, result = tensors[operation.input], tensors[operation.output]
    axes = operation.axes
    if source.dtype is DType.FLOAT32:

        def run_float(inputs: Sequence[Array], outputs: Sequence[Array]) -> None:
            outputs[0][...] = inputs[0].mean(axis=axes, dtype=np.float32).reshape(result.shape)

        return run_float

    count = int(np.prod([source.shape[axis] for axis in axes], dtype=np.int64))
    multiplier = divided_by_count(FixedPointMultiplier.from_real(_scale_ratio(source, result)), count)
    low, high = result.dtype.integer_range
    stage = OutputStage(multiplier, zero_point_of(result), low, high)
    offset = zero_point_of(source) * count

    def run(inputs: Sequence[Array], outputs: Sequence[Array]) -> None:
        sums = inputs[0].sum(axis=axes, dtype=np.int64) - offset
        stage.store(sums.reshape(result.shape), outputs[0])

    return run


def divided_by_count(multiplier: FixedPointMultiplier, count: int) -> FixedPointMultiplier:
    """`multiplier` (a single one) divided by `count`, with as many bits of the quotient as fit."""
    exponent = int(multiplier.exponents)
    shift = min(count.bit_length() - 1, 32, 31 + exponent)
    significand = (int(multiplier.significands) << shift) // count
    return FixedPointMultiplier(np.asarray(significand, np.int64), np.asarray(exponent - shift, np.int64))


def _scale_ratio(source: Tensor, result: Tensor) -> np.float64:
    return np.float64(scale_of(source)) / np.float64(scale_of(result))


def mean_refusal(operation: Mean, tensors: Sequence[Tensor]) -> str:
    """Why the input cannot be brought to the output's scale, or ""."""
    source, result = tensors[operation.input], tensors[operation.output]
    return multiplier_problem(_scale_ratio(source, result)) if source.dtype.is_quantised8 else ""
