"""ADD, SUB and MUL of two tensors, broadcast as in numpy.

8-bit ADD and SUB bring both operands to a common scale, twice the larger of the two, with 20 more bits:

    a' = round((a - zero_point_a) * 2**20 * scale_a / common)       b' likewise       common = 2 * max(scale_a, scale_b)
    y  = clamp(zero_point_y + round((a' +- b') * common / (2**20 * scale_y)))

8-bit MUL: ``y = clamp(zero_point_y + round((a - zero_point_a) * (b - zero_point_b) * scale_a * scale_b / scale_y))``.
All roundings are `FixedPointMultiplier.multiply`. Int32 wraps around and is clamped by the activation afterwards.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from npu_hal.api import Add, Array, Mul, Sub, Tensor
from npu_hal_software.reference.byte_table import tabulate
from npu_hal_software.reference.fixed_point import FixedPointMultiplier
from npu_hal_software.reference.kernel import Kernel
from npu_hal_software.reference.quantized import OutputStage, multiplier_problem, range_of, scale_of, zero_point_of

Combine = Callable[..., NDArray[Any]]

EXTRA_BITS = 20

_COMBINE: dict[str, Combine] = {"ADD": np.add, "SUB": np.subtract, "MUL": np.multiply}


def compile_arithmetic(operation: Add | Sub | Mul, tensors: Sequence[Tensor]) -> Kernel:
    """The kernel of an addition, subtraction or multiplication."""
    if not tensors[operation.lhs].dtype.is_quantised8:
        return _compile_plain(operation, tensors)
    if isinstance(operation, Mul):
        return _compile_quantised_product(operation, tensors)
    return _compile_quantised_sum(operation, tensors)


def _compile_plain(operation: Add | Sub | Mul, tensors: Sequence[Tensor]) -> Kernel:
    combine = _COMBINE[operation.kind]
    low, high = range_of(tensors[operation.output].dtype, operation.activation)

    def run(inputs: Sequence[Array], outputs: Sequence[Array]) -> None:
        combine(inputs[0], inputs[1], out=outputs[0])
        np.clip(outputs[0], low, high, out=outputs[0])

    return run


def _compile_quantised_sum(operation: Add | Sub, tensors: Sequence[Tensor]) -> Kernel:
    lhs, rhs, output = (tensors[index] for index in (operation.lhs, operation.rhs, operation.output))
    combine = _COMBINE[operation.kind]
    common = _common_scale(lhs, rhs)
    to_common = [_to_common_scale(tensor, common) for tensor in (lhs, rhs)]
    stage = OutputStage.to(output, common / _fine_scale(output), operation.activation)

    def run(inputs: Sequence[Array], outputs: Sequence[Array]) -> None:
        left, right = (table(array) for table, array in zip(to_common, inputs, strict=True))
        stage.store(combine(left, right), outputs[0])

    return run


def _common_scale(lhs: Tensor, rhs: Tensor) -> np.float64:
    return np.float64(2 * max(scale_of(lhs), scale_of(rhs)))


def _fine_scale(output: Tensor) -> np.float64:
    return np.float64(scale_of(output)) * 2.0**EXTRA_BITS


def _to_common_scale(tensor: Tensor, common: np.float64) -> Callable[[Array], NDArray[np.int32]]:
    """The function from stored values to int32 values in units of ``common / 2**20``."""
    multiplier = FixedPointMultiplier.from_real(np.float64(scale_of(tensor)) / common)

    def in_common_units(stored: NDArray[np.int32]) -> NDArray[np.int32]:
        return multiplier.multiply((stored - zero_point_of(tensor)) << EXTRA_BITS).astype(np.int32)

    return tabulate(tensor.dtype, in_common_units)


def _compile_quantised_product(operation: Mul, tensors: Sequence[Tensor]) -> Kernel:
    lhs, rhs, output = (tensors[index] for index in (operation.lhs, operation.rhs, operation.output))
    zero_points = zero_point_of(lhs), zero_point_of(rhs)
    stage = OutputStage.to(output, _product_multiplier(lhs, rhs, output), operation.activation)

    def run(inputs: Sequence[Array], outputs: Sequence[Array]) -> None:
        left, right = (
            array.astype(np.int32) - zero_point for array, zero_point in zip(inputs, zero_points, strict=True)
        )
        stage.store(left * right, outputs[0])

    return run


def _product_multiplier(lhs: Tensor, rhs: Tensor, output: Tensor) -> np.float64:
    # All in float32, as the scales are.
    return np.float64(scale_of(lhs) * scale_of(rhs) / scale_of(output))


def arithmetic_refusal(operation: Add | Sub | Mul, tensors: Sequence[Tensor]) -> str:
    """Why the operands' scales cannot be brought together, or ""."""
    lhs, rhs, output = (tensors[index] for index in (operation.lhs, operation.rhs, operation.output))
    if not lhs.dtype.is_quantised8:
        return ""
    if isinstance(operation, Mul):
        return multiplier_problem(_product_multiplier(lhs, rhs, output))
    return multiplier_problem(_common_scale(lhs, rhs) / _fine_scale(output))
