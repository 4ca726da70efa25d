"""Arithmetic, comparisons of size and elementary functions, element by element."""

from collections.abc import Sequence
from typing import ClassVar, Literal

from npu_hal.api.dtype import DType
from npu_hal.api.operation import (
    FLOAT_OR_QUANTISED8,
    Activation,
    Input,
    Operation,
    Output,
    require_dtype,
    require_same_dtype,
)
from npu_hal.api.operations.broadcast import broadcast_shape
from npu_hal.api.operations.pointwise import Unary
from npu_hal.api.tensor import Shape, Tensor

_INTEGERS = (DType.INT32, DType.INT64)


class _Arithmetic(Operation):
    """Shapes broadcast as in numpy."""

    allowed: ClassVar[tuple[DType, ...]]
    lhs: Input
    rhs: Input
    output: Output

    def infer_shapes(self, tensors: Sequence[Tensor]) -> tuple[Shape, ...]:
        """The broadcast shape."""
        return (broadcast_shape(tensors, self.lhs, self.rhs),)

    def check_types(self, tensors: Sequence[Tensor]) -> None:
        """One type for all."""
        require_dtype(tensors, self.lhs, self.allowed, "first operand")
        require_same_dtype(tensors, (self.lhs, self.rhs, self.output))


class Div(_Arithmetic):
    """lhs / rhs; int32 rounds towards zero, and a divisor of 0 is an error of the caller."""

    kind: Literal["DIV"] = "DIV"
    allowed: ClassVar[tuple[DType, ...]] = (*FLOAT_OR_QUANTISED8, DType.INT32)
    activation: Activation = Activation.NONE


class FloorDiv(_Arithmetic):
    """floor(lhs / rhs)."""

    kind: Literal["FLOOR_DIV"] = "FLOOR_DIV"
    allowed: ClassVar[tuple[DType, ...]] = (DType.FLOAT32, DType.INT32)


class SquaredDifference(_Arithmetic):
    """(lhs - rhs) squared."""

    kind: Literal["SQUARED_DIFFERENCE"] = "SQUARED_DIFFERENCE"
    allowed: ClassVar[tuple[DType, ...]] = (DType.FLOAT32, DType.INT8, DType.INT32)


class _Extremum(_Arithmetic):
    """8-bit operands are compared as stored: all have one quantisation."""

    allowed: ClassVar[tuple[DType, ...]] = (*FLOAT_OR_QUANTISED8, DType.INT16, *_INTEGERS)
    needs_quantization: ClassVar[bool] = False


class Minimum(_Extremum):
    """The smaller of lhs and rhs."""

    kind: Literal["MINIMUM"] = "MINIMUM"


class Maximum(_Extremum):
    """The larger of lhs and rhs."""

    kind: Literal["MAXIMUM"] = "MAXIMUM"


class _Function(Unary):
    """The output has the input's type, one of `allowed`."""

    allowed: ClassVar[tuple[DType, ...]] = (DType.FLOAT32,)

    def check_types(self, tensors: Sequence[Tensor]) -> None:
        """The output as the input."""
        require_dtype(tensors, self.input, self.allowed, "input")
        require_same_dtype(tensors, (self.input, self.output))


class Abs(_Function):
    """The magnitude; an 8-bit output has a quantisation of its own."""

    kind: Literal["ABS"] = "ABS"
    allowed: ClassVar[tuple[DType, ...]] = (DType.FLOAT32, DType.INT8, DType.INT32)


class Neg(_Function):
    """-x; the smallest int32 or int64 stays what it is."""

    kind: Literal["NEG"] = "NEG"
    allowed: ClassVar[tuple[DType, ...]] = (DType.FLOAT32, *_INTEGERS)


class Exp(_Function):
    """exp(x)."""

    kind: Literal["EXP"] = "EXP"
    allowed: ClassVar[tuple[DType, ...]] = (DType.FLOAT32, DType.INT8)


class Log(_Function):
    """The natural logarithm."""

    kind: Literal["LOG"] = "LOG"
    allowed: ClassVar[tuple[DType, ...]] = (DType.FLOAT32, DType.INT8)


class Sqrt(_Function):
    """The square root."""

    kind: Literal["SQRT"] = "SQRT"


class Rsqrt(_Function):
    """1 / sqrt(x)."""

    kind: Literal["RSQRT"] = "RSQRT"
    allowed: ClassVar[tuple[DType, ...]] = (DType.FLOAT32, DType.INT8)


class Floor(_Function):
    """The largest whole number that is not larger."""

    kind: Literal["FLOOR"] = "FLOOR"


class ComplexAbs(Unary):
    """The magnitude of complex numbers: complex64 to float32."""

    kind: Literal["COMPLEX_ABS"] = "COMPLEX_ABS"

    def check_types(self, tensors: Sequence[Tensor]) -> None:
        """Complex64 in, float32 out."""
        require_dtype(tensors, self.input, (DType.COMPLEX64,), "input")
        require_dtype(tensors, self.output, (DType.FLOAT32,), "output")


class Cast(Unary):
    """Another element type, the same value: floats lose their fraction towards zero, integers their high bits.

    Quantisation is not looked at: what is stored is converted. To bool: whether the value differs from 0.
    """

    kind: Literal["CAST"] = "CAST"
    needs_quantization: ClassVar[bool] = False

    def check_types(self, tensors: Sequence[Tensor]) -> None:
        """Anything but complex numbers."""
        real = tuple(dtype for dtype in DType if dtype is not DType.COMPLEX64)
        require_dtype(tensors, self.input, real, "input")
        require_dtype(tensors, self.output, real, "output")
