"""Functions of one 8-bit value whose results XNNPACK rounds in its own way, as tables of all 256 results."""

from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import NDArray

from npu_hal.api import Operation, Tensor
from npu_hal_software.jit.program import stored_offset

if TYPE_CHECKING:
    from npu_hal.api import LeakyRelu

# XNNPACK's multipliers have 8 fraction bits and fit int16 once negated: it takes ratios of the input's scale to the
# output's within these bounds, and slopes for negative values of at most the second's magnitude; see its
# xnn_init_qs8_cvt_scalar_params and xnn_init_qs8_lrelu_scalar_params.
RATIOS = (2.0**-8, 2.0**7)
LEAST_NEGATIVE_SLOPE = -(2.0**7 - 2.0**-8)
_FRACTION_BITS = 8
# Functions that it computes in single precision.
_SMOOTH = frozenset({"ELU", "LOGISTIC", "TANH"})


def xnnpack_table(operation: Operation, input_: Tensor, output: Tensor) -> NDArray[np.uint8] | None:
    """The stored result for each stored byte; None if there is no difference to TensorFlow Lite's own kernels.

    They also compute what is not handed to XNNPACK, such as changes of quantisation between int8 and uint8.
    """
    values = np.arange(256, dtype=np.int64) - stored_offset(input_) - input_.affine().zero_point
    results: NDArray[np.int64] | None = None
    if operation.kind in _SMOOTH:
        results = _of_real_function(operation.kind, values, input_, output)
    elif operation.kind in ("QUANTIZE", "LEAKY_RELU") and input_.dtype is output.dtype:
        ratio = np.float32(input_.affine().scale) / np.float32(output.affine().scale)
        is_leaky = operation.kind == "LEAKY_RELU"
        slope = ratio * np.float32(cast("LeakyRelu", operation).alpha) if is_leaky else ratio
        results = _rescaled(values, ratio, slope)
    if results is None:
        return None
    low, high = output.dtype.integer_range
    stored = np.clip(results + output.affine().zero_point, low, high) + stored_offset(output)
    return stored.astype(np.uint8)


def _rescaled(values: NDArray[np.int64], ratio: np.float32, slope: np.float32) -> NDArray[np.int64] | None:
    """Values times `ratio`, or `slope` where they are negative, rounded half up; None if XNNPACK does not take them."""
    least, most = RATIOS
    if not (least <= ratio <= most and LEAST_NEGATIVE_SLOPE <= slope <= most and abs(slope) >= least):
        return None
    above, below = (np.int64(np.rint(factor * np.float32(1 << _FRACTION_BITS))) for factor in (ratio, slope))
    products = np.where(values < 0, values * below, values * above)
    return (products + (1 << (_FRACTION_BITS - 1))) >> _FRACTION_BITS


def _of_real_function(kind: str, values: NDArray[np.int64], input_: Tensor, output: Tensor) -> NDArray[np.int64]:
    """Results less the output's zero point, which is added before they are rounded half to even."""
    # As definitions are, this module is imported when first needed.
    from npu_hal_software.reference.activation import exponential_linear, hyperbolic_tangent

    functions = {"ELU": exponential_linear, "LOGISTIC": _logistic, "TANH": hyperbolic_tangent}
    x = values.astype(np.float32) * np.float32(input_.affine().scale)
    y = functions[kind](x) * (np.float32(1) / np.float32(output.affine().scale))
    zero_point = output.affine().zero_point
    rounded = np.rint(np.clip(y + np.float32(zero_point), -512, 512))
    return np.asarray(rounded, np.int64) - zero_point


def _logistic(x: NDArray[np.float32]) -> NDArray[np.float32]:
    """``1 / (1 + exp(-x))``, rounded to float32 once; TensorFlow Lite's definition rounds the exponential too."""
    return (1 / (1 + np.exp(np.clip(-x.astype(np.float64), -100, 100)))).astype(np.float32)
