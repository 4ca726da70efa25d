"""SQUARED_DIFFERENCE of two tensors, broadcast as in numpy; int32 wraps around.

Int8 operands are brought to a common scale, twice the larger of the two, with 7 more bits:

    a' = round((a - zero_point_a) * 2**7 * scale_a / common)        b' likewise       common = 2 * max(scale_a, scale_b)
    y  = clamp(zero_point_y + round((a' - b')**2 * common**2 / (2**14 * scale_y)))

All roundings are `FixedPointMultiplier.multiply`. TensorFlow Lite aborts where the last factor is 1 or more; here it is
applied like any other.
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from npu_hal.api import Array, SquaredDifference, Tensor
from npu_hal_software.reference.byte_table import tabulate
from npu_hal_software.reference.fixed_point import FixedPointMultiplier
from npu_hal_software.reference.kernel import Kernel
from npu_hal_software.reference.quantized import OutputStage, multiplier_problem, scale_of, zero_point_of

EXTRA_BITS = 7


def compile_squared_difference(operation: SquaredDifference, tensors: Sequence[Tensor]) -> Kernel:
    """The kernel of the square of a difference."""
    lhs, rhs, output = (tensors[index] for index in (operation.lhs, operation.rhs, operation.output))
    if lhs.dtype.is_quantised8:
        return _compile_quantised(lhs, rhs, output)

    def run(inputs: Sequence[Array], outputs: Sequence[Array]) -> None:
        difference = inputs[0] - inputs[1]
        np.multiply(difference, difference, out=outputs[0])

    return run


def _compile_quantised(lhs: Tensor, rhs: Tensor, output: Tensor) -> Kernel:
    common = _common_scale(lhs, rhs)
    to_common = [_to_common_scale(tensor, common) for tensor in (lhs, rhs)]
    stage = OutputStage.to(output, _output_multiplier(common, output))

    def run(inputs: Sequence[Array], outputs: Sequence[Array]) -> None:
        left, right = (table(array) for table, array in zip(to_common, inputs, strict=True))
        stage.store(np.square(left - right), outputs[0])

    return run


def _common_scale(lhs: Tensor, rhs: Tensor) -> np.float64:
    return 2.0 * np.float64(max(scale_of(lhs), scale_of(rhs)))


def _to_common_scale(tensor: Tensor, common: np.float64) -> Callable[[Array], NDArray[np.int32]]:
    """The function from stored values to int32 values in units of ``common / 2**7``."""
    multiplier = FixedPointMultiplier.from_real(np.float64(scale_of(tensor)) / common)

    def in_common_units(stored: NDArray[np.int32]) -> NDArray[np.int32]:
        return multiplier.multiply((stored - zero_point_of(tensor)) << EXTRA_BITS).astype(np.int32)

    return tabulate(tensor.dtype, in_common_units)


def _output_multiplier(common: np.float64, output: Tensor) -> np.float64:
    return common * common / (np.float64(1 << (2 * EXTRA_BITS)) * np.float64(scale_of(output)))


def squared_difference_refusal(operation: SquaredDifference, tensors: Sequence[Tensor]) -> str:
    """Why the square cannot be brought to the output's scale, or ""."""
    lhs, rhs, output = (tensors[index] for index in (operation.lhs, operation.rhs, operation.output))
    if not lhs.dtype.is_quantised8:
        return ""
    return multiplier_problem(_output_multiplier(_common_scale(lhs, rhs), output))
