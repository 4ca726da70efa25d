"""Element by element: arithmetic of two tensors, activations, and changes of representation."""

from collections.abc import Sequence
from typing import ClassVar, Literal

from npu_hal.api.dtype import DType
from npu_hal.api.errors import InvalidGraph
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

_ARITHMETIC = (*FLOAT_OR_QUANTISED8, DType.INT32)


class _Binary(Operation):
    """Shapes broadcast as in numpy; 8-bit operands each have a scale and zero point of their own."""

    lhs: Input
    rhs: Input
    output: Output
    activation: Activation = Activation.NONE

    def infer_shapes(self, tensors: Sequence[Tensor]) -> tuple[Shape, ...]:
        """The broadcast shape."""
        return (broadcast_shape(tensors, self.lhs, self.rhs),)

    def check_types(self, tensors: Sequence[Tensor]) -> None:
        """One type for all: float32, 8-bit or int32."""
        require_dtype(tensors, self.lhs, _ARITHMETIC, "first operand")
        require_same_dtype(tensors, (self.lhs, self.rhs, self.output))


class Add(_Binary):
    """lhs + rhs. Integers of int32 wrap around."""

    kind: Literal["ADD"] = "ADD"


class Sub(_Binary):
    """lhs - rhs. Integers of int32 wrap around."""

    kind: Literal["SUB"] = "SUB"


class Mul(_Binary):
    """lhs * rhs. Integers of int32 wrap around."""

    kind: Literal["MUL"] = "MUL"


class Logistic(Unary):
    """1 / (1 + exp(-x))."""

    kind: Literal["LOGISTIC"] = "LOGISTIC"


class Tanh(Unary):
    """tanh(x)."""

    kind: Literal["TANH"] = "TANH"


class Relu(Unary):
    """max(x, 0)."""

    kind: Literal["RELU"] = "RELU"


class Relu6(Unary):
    """min(max(x, 0), 6)."""

    kind: Literal["RELU6"] = "RELU6"


_QUANTISED = (DType.UINT8, DType.INT8, DType.INT16)


class Quantize(Unary):
    """Float32 to an integer type, or from one quantisation to another."""

    kind: Literal["QUANTIZE"] = "QUANTIZE"

    def check_types(self, tensors: Sequence[Tensor]) -> None:
        """Input float32 or quantised; output quantised."""
        require_dtype(tensors, self.input, (DType.FLOAT32, *_QUANTISED), "input")
        require_dtype(tensors, self.output, _QUANTISED, "output")
        _require_any_quantization(tensors, (self.input, self.output))


class Dequantize(Unary):
    """A quantised tensor to float32: scale * (stored - zero_point)."""

    kind: Literal["DEQUANTIZE"] = "DEQUANTIZE"
    # A constant may be quantised per axis here; the check below takes both forms.
    needs_quantization: ClassVar[bool] = False

    def check_types(self, tensors: Sequence[Tensor]) -> None:
        """Input quantised, output float32."""
        require_dtype(tensors, self.input, _QUANTISED, "input")
        require_dtype(tensors, self.output, (DType.FLOAT32,), "output")
        _require_any_quantization(tensors, (self.input,))


def _require_any_quantization(tensors: Sequence[Tensor], indices: Sequence[int]) -> None:
    for index in indices:
        if tensors[index].dtype.is_integer and tensors[index].quantization is None:
            raise InvalidGraph(f"tensor {index} {tensors[index].name!r} has no quantisation")
