"""Elementary functions of float32 and whole numbers, element by element; CAST.

Whole numbers wrap around. CAST from float32 to integers drops the fraction and clamps to the type, NaN becomes the
largest integer; to bool it asks whether the value differs from 0; from integers to smaller ones it drops the high bits.
"""

from collections.abc import Callable, Sequence

import numpy as np

from npu_hal.api import (
    Abs,
    Array,
    Cast,
    ComplexAbs,
    DType,
    Exp,
    Floor,
    Log,
    Neg,
    Rsqrt,
    Sqrt,
    Tensor,
)
from npu_hal_software.reference.kernel import Kernel
from npu_hal_software.reference.quantized_function import compile_quantised_function, quantised_function_refusal

Function = Abs | ComplexAbs | Exp | Floor | Log | Neg | Rsqrt | Sqrt


def _reciprocal_square_root(x: Array) -> Array:
    root: Array = np.float32(1) / np.sqrt(x)
    return root


_FUNCTIONS: dict[str, Callable[[Array], Array]] = {
    "ABS": np.abs,
    "COMPLEX_ABS": np.abs,
    "EXP": np.exp,
    "FLOOR": np.floor,
    "LOG": np.log,
    "NEG": np.negative,
    "RSQRT": _reciprocal_square_root,
    "SQRT": np.sqrt,
}


def compile_function(operation: Function, tensors: Sequence[Tensor]) -> Kernel:
    """The kernel of an elementary function."""
    if isinstance(operation, Abs | Exp | Log | Rsqrt) and tensors[operation.input].dtype.is_quantised8:
        return compile_quantised_function(operation, tensors)
    function = _FUNCTIONS[operation.kind]
    return lambda inputs, outputs: np.copyto(outputs[0], function(inputs[0]))


def compile_cast(operation: Cast, tensors: Sequence[Tensor]) -> Kernel:
    """The kernel of a change of element type."""
    source, result = tensors[operation.input].dtype, tensors[operation.output].dtype
    if source is DType.FLOAT32 and result.is_integer:
        return lambda inputs, outputs: np.copyto(outputs[0], _saturated(inputs[0], result))
    return lambda inputs, outputs: np.copyto(outputs[0], inputs[0], casting="unsafe")


def _saturated(x: Array, dtype: DType) -> Array:
    low, high = dtype.integer_range
    # The bound above is a power of two and a float32 exactly, unlike the largest integer.
    # NaN is no less than it.
    too_large, too_small = ~(x < float(high + 1)), x < low
    integers = np.where(too_large | too_small, 0, x).astype(dtype.numpy)
    integers[too_large] = high
    integers[too_small] = low
    return integers


def function_refusal(operation: Function, tensors: Sequence[Tensor]) -> str:
    """Why a function of quantised numbers has no result here, or ""."""
    if isinstance(operation, Abs | Exp | Log | Rsqrt) and tensors[operation.input].dtype.is_quantised8:
        return quantised_function_refusal(operation, tensors)
    return ""
