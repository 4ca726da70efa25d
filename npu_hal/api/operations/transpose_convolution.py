"""Transposed convolution: the gradient of a convolution with respect to its input."""

from collections.abc import Sequence
from typing import Literal

from npu_hal.api.errors import InvalidGraph
from npu_hal.api.operation import Activation, Input, Operation, OptionalInput, Output, Positive, require_rank
from npu_hal.api.operations.convolution import check_bias_shape, check_weighted_sum
from npu_hal.api.padding import Padding2D, window_output_hw
from npu_hal.api.tensor import Shape, Tensor


class TransposeConv(Operation):
    """Each input element adds its multiple of the filter to the output.

    input ``[N, H, W, I]``, filter ``[O, KH, KW, I]``, bias ``[O]``, output ``[N, height, width, O]``: the size whose
    convolution with this filter, stride and padding has the input's size. Output (y, x) gets
    ``input[i, j] * filter[y - i * stride_height + top, x - j * stride_width + left]``, summed over i and j, where top
    and left are that convolution's padding.
    """

    kind: Literal["TRANSPOSE_CONV"] = "TRANSPOSE_CONV"
    input: Input
    filter: Input
    bias: OptionalInput = None
    output: Output
    height: Positive
    width: Positive
    stride_height: Positive = 1
    stride_width: Positive = 1
    padding: Padding2D
    activation: Activation = Activation.NONE

    def infer_shapes(self, tensors: Sequence[Tensor]) -> tuple[Shape, ...]:
        """``[N, height, width, O]``."""
        batch, height, width, channels = require_rank(tensors, self.input, 4, "input")
        outputs, filter_height, filter_width, depth = require_rank(tensors, self.filter, 4, "filter")
        if depth != channels:
            raise InvalidGraph(f"a filter of {depth} channels does not fit an input of {channels} channels")
        check_bias_shape(tensors, self.bias, outputs)
        forward = window_output_hw(
            self.padding,
            (self.height, self.width),
            (filter_height, filter_width),
            (self.stride_height, self.stride_width),
        )
        if forward != (height, width):
            raise InvalidGraph(
                f"an output of {self.height}x{self.width} belongs to an input of {forward[0]}x{forward[1]}, "
                f"not {height}x{width}"
            )
        return ((batch, self.height, self.width, outputs),)

    def check_types(self, tensors: Sequence[Tensor]) -> None:
        """All float32, or all of one 8-bit type with an int32 bias; weights per tensor or per axis 0."""
        check_weighted_sum(tensors, self.input, self.filter, self.bias, self.output, channel_axis=0)
