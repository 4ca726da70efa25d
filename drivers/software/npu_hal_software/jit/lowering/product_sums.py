"""How the sums of products of a layer are requantised: by a line where that is exact, else by multipliers."""

import numpy as np
from numpy.typing import NDArray

from npu_hal.api import Activation, DType, Tensor
from npu_hal_software.jit.lowering.activation_range import stored_range
from npu_hal_software.jit.packing.requantisation import Multipliers, Requantisation, RightShift
from npu_hal_software.jit.packing.rounding_line import RoundingLine, fit_line
from npu_hal_software.jit.program import Program, stored_zero_point
from npu_hal_software.jit.requantise import lines_run


def largest_sums(bias: NDArray[np.int64], products: int, weights: Tensor) -> NDArray[np.int64]:
    """A bound of the magnitude of accumulators: of the bias and so many products, both as the model has them."""
    is_centred = weights.dtype is DType.INT8 and not weights.affine().zero_point_array().any()
    return np.abs(bias) + products * 255 * (128 if is_centred else 255)


def requantise_products(
    program: Program,
    folded_bias: NDArray[np.int32],
    largest: NDArray[np.int64],
    multipliers: Multipliers,
    output: Tensor,
    activation: Activation,
    lanes: int,
    *,
    single_rounding: bool = False,
) -> Requantisation:
    """The requantisation, for vectors of so many lanes, of accumulators that begin with a bias and have a bound."""
    line = None
    if program.rounding == "exact" and lines_run(program.tier, lanes):
        line = _exact_line(largest, multipliers, output, activation, single_rounding)
    return Requantisation(folded_bias, multipliers, program.rounding, single_rounding, line)


def _exact_line(
    largest: NDArray[np.int64], multipliers: Multipliers, output: Tensor, activation: Activation, single_rounding: bool
) -> RoundingLine | None:
    """A line, if zero is the lowest byte, no other is clamped, and lines are exact."""
    is_whole = stored_zero_point(output) == 0 and stored_range(output, activation, "exact") == (0, 255)
    if not is_whole or multipliers.shifts_left:
        return None
    right = RightShift.of(multipliers, single_rounding=single_rounding)
    return fit_line(multipliers.fixed, right.shift, right.rounding, largest)
