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
from npu_hal.api.tensor import Shape, Tensor


class _Activation(Operation):
    """The output has the input's shape and type; 8-bit input and output may differ in quantisation."""

    input: Input
    output: Output

    def infer_shapes(self, tensors: Sequence[Tensor]) -> tuple[Shape, ...]:
        """The input's shape."""
        return (tensors[self.input].shape,)

    def check_types(self, tensors: Sequence[Tensor]) -> None:
        """Float32 or 8-bit, the output as the input."""
        require_dtype(tensors, self.input, FLOAT_OR_QUANTISED8, "input")
        require_same_dtype(tensors, (self.input, self.output))


class HardSwish(_Activation):
    """x * min(max(x + 3, 0), 6) / 6."""

    kind: Literal["HARD_SWISH"] = "HARD_SWISH"


class LeakyRelu(_Activation):
    """x if x is not negative, else alpha * x."""

    kind: Literal["LEAKY_RELU"] = "LEAKY_RELU"
    alpha: float


class ReluN1To1(_Activation):
    """min(max(x, -1), 1)."""

    kind: Literal["RELU_N1_TO_1"] = "RELU_N1_TO_1"


class Elu(_Activation):
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
