"""ABS, EXP, LOG and RSQRT of int8.

EXP and LOG are tables in float32 (`real_table`); the logarithm of what is not positive is the output's lowest value.
ABS is ``|x - zero_point_x| * scale_x / scale_y + zero_point_y`` in fixed point. RSQRT, with x' = x - zero_point_x, is

    y = clamp(round(round(2**20 / sqrt(x')) / (2**20 * sqrt(scale_x) * scale_y)) + zero_point_y)

with the root as `fixed_point_rsqrt` computes it. RSQRT of 0 is the highest value, of negative numbers an error.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from npu_hal.api import Abs, Array, Exp, InvalidInput, Log, Rsqrt, Tensor
from npu_hal_software.reference.byte_table import tabulate, unary_by_table
from npu_hal_software.reference.fixed_point import FixedPointMultiplier
from npu_hal_software.reference.fixed_point_rsqrt import reciprocal_square_root
from npu_hal_software.reference.kernel import Kernel
from npu_hal_software.reference.quantized import OutputStage, multiplier_problem, scale_of, zero_point_of
from npu_hal_software.reference.real_table import compile_real_table

# What a root has more than whole numbers.
ROOT_BITS = 20
# Right shifts end at 31.
SMALLEST_ROOT_MULTIPLIER = 2.0 ** (ROOT_BITS - 32)


def compile_quantised_function(operation: Abs | Exp | Log | Rsqrt, tensors: Sequence[Tensor]) -> Kernel:
    """The kernel of a function of int8."""
    return _COMPILE[operation.kind](tensors[operation.input], tensors[operation.output])


def _compile_abs(source: Tensor, result: Tensor) -> Kernel:
    stage = OutputStage.to(result, _scale_ratio(source, result))

    def stored(values: NDArray[np.int32]) -> NDArray[Any]:
        return stage.apply(np.abs(values - zero_point_of(source))).astype(result.dtype.numpy)

    return unary_by_table(source.dtype, stored)


def _scale_ratio(source: Tensor, result: Tensor) -> np.float64:
    # The quotient is taken in float32.
    return np.float64(scale_of(source) / scale_of(result))


def _exponential(x: NDArray[Any]) -> NDArray[np.float32]:
    return np.exp(x.astype(np.float64)).astype(np.float32)


def _compile_exp(source: Tensor, result: Tensor) -> Kernel:
    return compile_real_table(source, result, _exponential)


def _compile_log(source: Tensor, result: Tensor) -> Kernel:
    low, _ = result.dtype.integer_range
    lowest = scale_of(result) * np.float32(low - zero_point_of(result))

    def logarithm(x: NDArray[Any]) -> NDArray[np.float32]:
        positive = np.where(x > 0, x, 1)
        return np.where(x > 0, np.log(positive.astype(np.float64)), lowest).astype(np.float32)

    return compile_real_table(source, result, logarithm)


def _compile_rsqrt(source: Tensor, result: Tensor) -> Kernel:
    real = FixedPointMultiplier.from_real(_root_multiplier(source, result))
    to_output = FixedPointMultiplier(real.significands, real.exponents - ROOT_BITS)
    low, high = result.dtype.integer_range
    stage = OutputStage(to_output, zero_point_of(result), low, high)

    def stored(values: NDArray[np.int32]) -> NDArray[Any]:
        x = values.astype(np.int64) - zero_point_of(source)
        roots = reciprocal_square_root(np.maximum(x, 1))
        finer = FixedPointMultiplier(roots.significands, roots.exponents + ROOT_BITS)
        return np.where(x == 0, high, stage.apply(finer.multiply(np.ones_like(x)))).astype(result.dtype.numpy)

    look_up = tabulate(source.dtype, stored)

    def run(inputs: Sequence[Array], outputs: Sequence[Array]) -> None:
        if inputs[0].min(initial=source.dtype.integer_range[1]) < zero_point_of(source):
            raise InvalidInput("RSQRT of a negative number is not defined")
        outputs[0][...] = look_up(inputs[0])

    return run


def _root_multiplier(source: Tensor, result: Tensor) -> np.float64:
    # The product is taken in float32.
    return np.float64(1) / np.float64(np.sqrt(scale_of(source)) * scale_of(result))


_COMPILE: Mapping[str, Callable[[Tensor, Tensor], Kernel]] = {
    "ABS": _compile_abs,
    "EXP": _compile_exp,
    "LOG": _compile_log,
    "RSQRT": _compile_rsqrt,
}


def quantised_function_refusal(operation: Abs | Exp | Log | Rsqrt, tensors: Sequence[Tensor]) -> str:
    """Why the input cannot be brought to the output's scale, or ""."""
    source, result = tensors[operation.input], tensors[operation.output]
    if isinstance(operation, Abs):
        return multiplier_problem(_scale_ratio(source, result))
    if isinstance(operation, Rsqrt):
        real = _root_multiplier(source, result)
        if real < SMALLEST_ROOT_MULTIPLIER:
            return f"the root of its scale times the output's is {1 / real:g}; fixed-point arithmetic ends at 2**12"
        return multiplier_problem(real)
    return ""
