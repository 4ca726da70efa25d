"""Convolutions and the fully connected layer: sums of products with constant or computed weights.

Quantised semantics, all three kinds: with real = scale * (stored - zero_point),
``acc = bias + sum((x - zero_point_x) * (w - zero_point_w))`` in int32, rescaled by
``scale_x * scale_w / scale_y`` (per output channel if w is quantised per axis), plus ``zero_point_y``, clamped to the
activation's range. The bias is int32 with scale ``scale_x * scale_w``; its own quantisation is not looked at.
Rounding is the driver's business within the tolerance that it declares; the software driver's reference level
defines TensorFlow Lite's.
"""

from collections.abc import Sequence
from typing import Literal

from npu_hal.api.dtype import DType
from npu_hal.api.errors import InvalidGraph
from npu_hal.api.operation import (
    FLOAT_OR_QUANTISED8,
    Activation,
    Input,
    Operation,
    OptionalInput,
    Output,
    Positive,
    require_dtype,
    require_rank,
    require_same_dtype,
)
from npu_hal.api.padding import Padding2D, window_output_hw
from npu_hal.api.tensor import Shape, Tensor


def check_weighted_sum(
    tensors: Sequence[Tensor], x: int, weights: int, bias: int | None, y: int, channel_axis: int
) -> None:
    """Check the types of the operands that convolutions and fully connected layers share; `InvalidGraph`."""
    dtype = require_dtype(tensors, x, FLOAT_OR_QUANTISED8, "input")
    require_same_dtype(tensors, (x, weights, y))
    if bias is not None:
        expected = DType.FLOAT32 if dtype is DType.FLOAT32 else DType.INT32
        require_dtype(tensors, bias, (expected,), "bias")
    quantization = tensors[weights].quantization
    if quantization is not None and quantization.axis not in (None, channel_axis):
        raise InvalidGraph(
            f"weights tensor {weights} {tensors[weights].name!r} is quantised along axis {quantization.axis}; "
            f"output channels are axis {channel_axis}"
        )


def check_bias_shape(tensors: Sequence[Tensor], bias: int | None, channels: int) -> None:
    """`InvalidGraph` unless the bias, if any, has an element for each output channel."""
    if bias is not None and tensors[bias].size != channels:
        raise InvalidGraph(
            f"bias tensor {bias} {tensors[bias].name!r} has {tensors[bias].size} elements, not one for each of the "
            f"{channels} output channels"
        )


def _output_hw(
    operation: "Conv2D | DepthwiseConv2D", input_hw: tuple[int, int], filter_hw: tuple[int, int]
) -> tuple[int, int]:
    height, width = window_output_hw(operation.padding, input_hw, filter_hw, operation.strides, operation.dilations)
    if height < 1 or width < 1:
        raise InvalidGraph(
            f"a filter of {filter_hw[0]}x{filter_hw[1]} (dilation {operation.dilation_height}x"
            f"{operation.dilation_width}) does not fit an input of {input_hw[0]}x{input_hw[1]}"
        )
    return height, width


class _Convolution(Operation):
    """Operands and attributes that dense and depthwise convolutions share."""

    input: Input
    filter: Input
    bias: OptionalInput = None
    output: Output
    stride_height: Positive = 1
    stride_width: Positive = 1
    dilation_height: Positive = 1
    dilation_width: Positive = 1
    padding: Padding2D
    activation: Activation = Activation.NONE

    @property
    def strides(self) -> tuple[int, int]:
        """(height, width)."""
        return self.stride_height, self.stride_width

    @property
    def dilations(self) -> tuple[int, int]:
        """(height, width)."""
        return self.dilation_height, self.dilation_width


class Conv2D(_Convolution):
    """Two-dimensional convolution.

    input ``[N, H, W, I]``, filter ``[O, KH, KW, I / groups]``, bias ``[O]``, output ``[N, OH, OW, O]``. Where the
    input has more channels than the filter, it is a grouped convolution: groups = I / filter channels, and each group
    of O / groups outputs reads its own slice of the input's channels. Padded positions hold the input's zero point.
    """

    kind: Literal["CONV_2D"] = "CONV_2D"

    def groups(self, tensors: Sequence[Tensor]) -> int:
        """Number of channel groups; 1 for an ordinary convolution."""
        return tensors[self.input].shape[3] // max(tensors[self.filter].shape[3], 1)

    def infer_shapes(self, tensors: Sequence[Tensor]) -> tuple[Shape, ...]:
        """``[N, OH, OW, O]``."""
        batch, height, width, channels = require_rank(tensors, self.input, 4, "input")
        outputs, filter_height, filter_width, depth = require_rank(tensors, self.filter, 4, "filter")
        if depth < 1 or channels % depth or outputs % (channels // depth or 1):
            raise InvalidGraph(
                f"a filter of {depth} channels and {outputs} outputs does not fit an input of {channels} channels"
            )
        check_bias_shape(tensors, self.bias, outputs)
        return ((batch, *_output_hw(self, (height, width), (filter_height, filter_width)), outputs),)

    def check_types(self, tensors: Sequence[Tensor]) -> None:
        """All float32, or all of one 8-bit type with an int32 bias; weights per tensor or per axis 0."""
        check_weighted_sum(tensors, self.input, self.filter, self.bias, self.output, channel_axis=0)


class DepthwiseConv2D(_Convolution):
    """Depthwise convolution: each input channel gives `depth_multiplier` output channels of its own.

    input ``[N, H, W, C]``, filter ``[1, KH, KW, C * depth_multiplier]``, bias ``[C * depth_multiplier]``, output
    ``[N, OH, OW, C * depth_multiplier]``; output channel ``c * depth_multiplier + m`` reads input channel c.
    """

    kind: Literal["DEPTHWISE_CONV_2D"] = "DEPTHWISE_CONV_2D"
    depth_multiplier: Positive = 1

    def infer_shapes(self, tensors: Sequence[Tensor]) -> tuple[Shape, ...]:
        """``[N, OH, OW, C * depth_multiplier]``."""
        batch, height, width, channels = require_rank(tensors, self.input, 4, "input")
        one, filter_height, filter_width, outputs = require_rank(tensors, self.filter, 4, "filter")
        if one != 1 or outputs != channels * self.depth_multiplier:
            raise InvalidGraph(
                f"a depthwise filter for {channels} channels and depth multiplier {self.depth_multiplier} has shape "
                f"[1, KH, KW, {channels * self.depth_multiplier}], not {list(tensors[self.filter].shape)}"
            )
        check_bias_shape(tensors, self.bias, outputs)
        return ((batch, *_output_hw(self, (height, width), (filter_height, filter_width)), outputs),)

    def check_types(self, tensors: Sequence[Tensor]) -> None:
        """All float32, or all of one 8-bit type with an int32 bias; weights per tensor or per axis 3."""
        check_weighted_sum(tensors, self.input, self.filter, self.bias, self.output, channel_axis=3)


class FullyConnected(Operation):
    """A matrix product with the transposed weights.

    input: any shape whose size is a multiple of I, read as ``[B, I]``; weights ``[O, I]``; bias ``[O]``; output
    ``[B, O]``, or the input's shape with O in place of its last dimension if `keep_num_dims`.
    """

    kind: Literal["FULLY_CONNECTED"] = "FULLY_CONNECTED"
    input: Input
    weights: Input
    bias: OptionalInput = None
    output: Output
    keep_num_dims: bool = False
    activation: Activation = Activation.NONE

    def infer_shapes(self, tensors: Sequence[Tensor]) -> tuple[Shape, ...]:
        """``[B, O]``, or the input's shape with O last."""
        outputs, depth = require_rank(tensors, self.weights, 2, "weights")
        x = tensors[self.input]
        if depth < 1 or x.size % depth:
            raise InvalidGraph(f"weights of {depth} inputs do not fit an input of shape {list(x.shape)}")
        check_bias_shape(tensors, self.bias, outputs)
        if not self.keep_num_dims:
            return ((x.size // depth, outputs),)
        if not x.shape or x.shape[-1] != depth:
            raise InvalidGraph(
                f"weights of {depth} inputs do not fit the last dimension of {list(x.shape)}, which is to be kept"
            )
        return ((*x.shape[:-1], outputs),)

    def check_types(self, tensors: Sequence[Tensor]) -> None:
        """All float32, or all of one 8-bit type with an int32 bias; weights per tensor or per axis 0."""
        check_weighted_sum(tensors, self.input, self.weights, self.bias, self.output, channel_axis=0)
