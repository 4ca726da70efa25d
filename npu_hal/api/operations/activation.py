"""Activations beyond the fused ones."""

from collections.abc import Sequence
from typing import Literal

from npu_hal.api.errors import InvalidGraph
from npu_hal.api.operation import (
    FLOAT_OR_QUANTISED8,
    Input,
    Operation,
    Output,
    require_dtype,
    require_same_dtype,
)
from npu_hal.api.operations.broadcast import broadcast_shape
from npu_hal.api.operations.pointwise import Unary
from npu_hal.api.tensor import Shape, Tensor


class HardSwish(Unary):
    """x * min(max(x + 3, 0), 6) / 6."""

    kind: Literal["HARD_SWISH"] = "HARD_SWISH"


class LeakyRelu(Unary):
    """x if x is not negative, else alpha * x."""

    kind: Literal["LEAKY_RELU"] = "LEAKY_RELU"
    alpha: float


class ReluN1To1(Unary):
    """min(max(x, -1), 1)."""

    kind: Literal["RELU_N1_TO_1"] = "RELU_N1_TO_1"


class Elu(Unary):
    """x if x is not negative, else exp(x) - 1."""

    kind: Literal["ELU"] = "ELU"


class Prelu(Operation):
    """x if x is not negative, else alpha * x, with an alpha that broadcasts to the input's shape."""

    kind: Literal["PRELU"] = "PRELU"
    input: Input
    alpha: Input
    output: Output

    def infer_shapes(self, tensors: Sequence[Tensor]) -> tuple[Shape, ...]:
        """The input's shape."""
        shape = tensors[self.input].shape
        if broadcast_shape(tensors, self.input, self.alpha) != shape:
            raise InvalidGraph(
                f"alpha tensor {self.alpha} of shape {list(tensors[self.alpha].shape)} does not broadcast to the "
                f"input's {list(shape)}"
            )
        return (shape,)

    def check_types(self, tensors: Sequence[Tensor]) -> None:
        """Float32 or 8-bit, one type for all."""
        require_dtype(tensors, self.input, FLOAT_OR_QUANTISED8, "input")
        require_same_dtype(tensors, (self.input, self.alpha, self.output))
