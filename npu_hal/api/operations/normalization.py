"""Normalisations."""

from collections.abc import Sequence
from typing import Literal

from npu_hal.api.dtype import DType
from npu_hal.api.operation import (
    FLOAT_OR_QUANTISED8,
    Input,
    NonNegative,
    Operation,
    Output,
    require_axis,
    require_dtype,
    require_rank,
    require_same_dtype,
)
from npu_hal.api.tensor import Shape, Tensor


class L2Normalization(Operation):
    """x / sqrt(max(sum(x**2), 1e-6)) along `axis`. An 8-bit output has scale 1/128 and zero point 128 (int8: 0)."""

    kind: Literal["L2_NORMALIZATION"] = "L2_NORMALIZATION"
    input: Input
    output: Output
    axis: NonNegative

    def infer_shapes(self, tensors: Sequence[Tensor]) -> tuple[Shape, ...]:
        """The input's shape."""
        shape = tensors[self.input].shape
        require_axis(self.axis, len(shape))
        return (shape,)

    def check_types(self, tensors: Sequence[Tensor]) -> None:
        """Float32 or 8-bit, the output as the input."""
        require_dtype(tensors, self.input, FLOAT_OR_QUANTISED8, "input")
        require_same_dtype(tensors, (self.input, self.output))


class LocalResponseNormalization(Operation):
    """x / (bias + alpha * sum(x**2 over `radius` channels to either side)) ** beta along the last axis."""

    kind: Literal["LOCAL_RESPONSE_NORMALIZATION"] = "LOCAL_RESPONSE_NORMALIZATION"
    input: Input
    output: Output
    radius: NonNegative
    bias: float
    alpha: float
    beta: float

    def infer_shapes(self, tensors: Sequence[Tensor]) -> tuple[Shape, ...]:
        """The input's shape, of 4 dimensions."""
        return (require_rank(tensors, self.input, 4, "input"),)

    def check_types(self, tensors: Sequence[Tensor]) -> None:
        """Float32."""
        require_dtype(tensors, self.input, (DType.FLOAT32,), "input")
        require_dtype(tensors, self.output, (DType.FLOAT32,), "output")
