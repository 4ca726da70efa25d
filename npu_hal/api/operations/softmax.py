"""Softmax and its logarithm, along the last axis."""

from collections.abc import Sequence
from typing import Literal

from npu_hal.api.errors import InvalidGraph
from npu_hal.api.operation import (
    FLOAT_OR_QUANTISED8,
    Input,
    Operation,
    Output,
    require_axis,
    require_dtype,
    require_same_dtype,
)
from npu_hal.api.tensor import Shape, Tensor


class Softmax(Operation):
    """exp(beta * x) / sum(exp(beta * x)) along the last axis.

    An 8-bit output has scale 1/256 and zero point 0 (int8: -128).
    """

    kind: Literal["SOFTMAX"] = "SOFTMAX"
    input: Input
    output: Output
    beta: float = 1.0

    def infer_shapes(self, tensors: Sequence[Tensor]) -> tuple[Shape, ...]:
        """The input's shape, of one dimension at least."""
        shape = tensors[self.input].shape
        if not shape:
            raise InvalidGraph("a softmax needs an axis to sum along; the input is a scalar")
        return (shape,)

    def check_types(self, tensors: Sequence[Tensor]) -> None:
        """Float32 or 8-bit, the output as the input."""
        require_dtype(tensors, self.input, FLOAT_OR_QUANTISED8, "input")
        require_same_dtype(tensors, (self.input, self.output))


class LogSoftmax(Operation):
    """x - log(sum(exp(x))) along the last axis. An 8-bit output has scale 16/256 and zero point 255 (int8: 127)."""

    kind: Literal["LOG_SOFTMAX"] = "LOG_SOFTMAX"
    input: Input
    output: Output

    def infer_shapes(self, tensors: Sequence[Tensor]) -> tuple[Shape, ...]:
        """The input's shape, of one dimension at least."""
        shape = tensors[self.input].shape
        require_axis(len(shape) - 1, len(shape))
        return (shape,)

    def check_types(self, tensors: Sequence[Tensor]) -> None:
        """Float32 or 8-bit, the output as the input."""
        require_dtype(tensors, self.input, FLOAT_OR_QUANTISED8, "input")
        require_same_dtype(tensors, (self.input, self.output))
