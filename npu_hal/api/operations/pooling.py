"""Pooling over windows of the height and width of an NHWC tensor."""

from collections.abc import Sequence
from typing import Literal

from npu_hal.api.dtype import DType
from npu_hal.api.errors import InvalidGraph
from npu_hal.api.operation import (
    FLOAT_OR_QUANTISED8,
    Activation,
    Input,
    Operation,
    Output,
    Positive,
    require_dtype,
    require_rank,
    require_same_dtype,
)
from npu_hal.api.padding import Padding2D, window_output_hw
from npu_hal.api.tensor import Shape, Tensor


class _Pool2D(Operation):
    """input ``[N, H, W, C]``, output ``[N, OH, OW, C]``; positions in the padding take no part."""

    input: Input
    output: Output
    filter_height: Positive
    filter_width: Positive
    stride_height: Positive = 1
    stride_width: Positive = 1
    padding: Padding2D
    activation: Activation = Activation.NONE

    @property
    def strides(self) -> tuple[int, int]:
        """(height, width)."""
        return self.stride_height, self.stride_width

    @property
    def filter_hw(self) -> tuple[int, int]:
        """(height, width)."""
        return self.filter_height, self.filter_width

    def infer_shapes(self, tensors: Sequence[Tensor]) -> tuple[Shape, ...]:
        """``[N, OH, OW, C]``."""
        batch, height, width, channels = require_rank(tensors, self.input, 4, "input")
        output_height, output_width = window_output_hw(self.padding, (height, width), self.filter_hw, self.strides)
        if output_height < 1 or output_width < 1:
            raise InvalidGraph(
                f"a window of {self.filter_height}x{self.filter_width} does not fit an input of {height}x{width}"
            )
        return ((batch, output_height, output_width, channels),)

    def check_types(self, tensors: Sequence[Tensor]) -> None:
        """Float32 or 8-bit, the output as the input."""
        require_dtype(tensors, self.input, FLOAT_OR_QUANTISED8, "input")
        require_same_dtype(tensors, (self.input, self.output))


class AveragePool2D(_Pool2D):
    """Mean of the window's elements inside of the image.

    8-bit tensors are averaged as stored: input and output have the same quantisation.
    """

    kind: Literal["AVERAGE_POOL_2D"] = "AVERAGE_POOL_2D"


class MaxPool2D(_Pool2D):
    """Largest of the window's elements inside of the image.

    8-bit tensors are compared as stored: input and output have the same quantisation.
    """

    kind: Literal["MAX_POOL_2D"] = "MAX_POOL_2D"


class L2Pool2D(_Pool2D):
    """The square root of the mean of the squares of the window's elements inside of the image."""

    kind: Literal["L2_POOL_2D"] = "L2_POOL_2D"

    def check_types(self, tensors: Sequence[Tensor]) -> None:
        """Float32."""
        require_dtype(tensors, self.input, (DType.FLOAT32,), "input")
        require_dtype(tensors, self.output, (DType.FLOAT32,), "output")
