"""Elementary functions and arithmetic of float32 and whole numbers, element by element; CAST.

Whole numbers wrap around. Integer DIV rounds towards zero, FLOOR_DIV towards minus infinity; a divisor of 0 is
refused. CAST from float32 to integers drops the fraction and clamps to the type, NaN becomes the
largest integer; to bool it asks whether the value differs from 0; from integers to smaller ones it drops the high bits.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from npu_hal.api import (
    Abs,
    Array,
    Cast,
    ComplexAbs,
    Div,
    DType,
    Exp,
    Floor,
    FloorDiv,
    InvalidInput,
    Log,
    Neg,
    Rsqrt,
    Sqrt,
    SquaredDifference,
    Tensor,
)
from npu_hal_software.reference.kernel import Kernel
from npu_hal_software.reference.quantized import range_of

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


def _quiet(kernel: Kernel) -> Kernel:
    """The kernel without numpy's warnings: infinity and NaN are results like others."""

    def run(inputs: Sequence[Array], outputs: Sequence[Array]) -> None:
        with np.errstate(all="ignore"):
            kernel(inputs, outputs)

    return run


def compile_function(operation: Function, tensors: Sequence[Tensor]) -> Kernel:
    """The kernel of an elementary function."""
    function = _FUNCTIONS[operation.kind]
    return _quiet(lambda inputs, outputs: np.copyto(outputs[0], function(inputs[0])))


def compile_div(operation: Div, tensors: Sequence[Tensor]) -> Kernel:
    """The kernel of a division."""
    dtype = tensors[operation.output].dtype
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

    return _quiet(run)


def compile_floor_div(operation: FloorDiv, tensors: Sequence[Tensor]) -> Kernel:
    """The kernel of a division that rounds down."""
    is_float = tensors[operation.output].dtype is DType.FLOAT32

    def run(inputs: Sequence[Array], outputs: Sequence[Array]) -> None:
        if is_float:
            np.floor(inputs[0] / inputs[1], out=outputs[0])
        else:
            _require_divisors(inputs[1], operation)
            np.floor_divide(inputs[0], inputs[1], out=outputs[0])

    return _quiet(run)


def _require_divisors(divisors: Array, operation: Any) -> None:
    if not divisors.all():
        raise InvalidInput(f"{operation.kind} of integers has a divisor of 0")


def compile_squared_difference(operation: SquaredDifference, tensors: Sequence[Tensor]) -> Kernel:
    """The kernel of the square of a difference."""

    def run(inputs: Sequence[Array], outputs: Sequence[Array]) -> None:
        difference = inputs[0] - inputs[1]
        np.multiply(difference, difference, out=outputs[0])

    return _quiet(run)


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


def plain_numbers_only(operation: Any, tensors: Sequence[Tensor]) -> str:
    """These operations are defined for floats and whole numbers, not for quantised ones."""
    dtype = tensors[operation.outputs[0]].dtype
    return f"{operation.kind} of quantised {dtype} is not defined here" if dtype.is_quantised8 else ""
