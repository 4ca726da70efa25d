"""CONV_2D, DEPTHWISE_CONV_2D and FULLY_CONNECTED."""

from typing import Any

from npu_hal.api import (
    Conv2D,
    DepthwiseConv2D,
    DType,
    FullyConnected,
    UnsupportedOperation,
)
from npu_hal.tflite.converters.operands import Operands


def convert_conv_2d(operands: Operands) -> Conv2D:
    """Inputs: input, filter, optional bias."""
    return Conv2D(**_convolution(operands))


def convert_depthwise_conv_2d(operands: Operands) -> DepthwiseConv2D:
    """Inputs: input, filter, optional bias."""
    return DepthwiseConv2D(**_convolution(operands), depth_multiplier=operands.integer("depth_multiplier"))


def convert_fully_connected(operands: Operands) -> FullyConnected:
    """Inputs: input, weights, optional bias."""
    (x, weights), (bias,) = operands.inputs(2, 1)
    reject_hybrid(operands, x, weights)
    weights_format = operands.integer("weights_format")
    if weights_format != 0:
        raise UnsupportedOperation(
            f"{operands.name} with weights shuffled in blocks (format {weights_format}) is not supported; "
            f"store them in rows"
        )
    return FullyConnected(
        input=x,
        weights=weights,
        bias=bias,
        output=operands.only_output(),
        keep_num_dims=operands.flag("keep_num_dims"),
        activation=operands.activation(),
    )


def _convolution(operands: Operands) -> dict[str, Any]:
    (x, weights), (bias,) = operands.inputs(2, 1)
    reject_hybrid(operands, x, weights)
    return {
        "input": x,
        "filter": weights,
        "bias": bias,
        "output": operands.only_output(),
        "stride_height": operands.integer("stride_h"),
        "stride_width": operands.integer("stride_w"),
        "dilation_height": operands.integer("dilation_h_factor", 1),
        "dilation_width": operands.integer("dilation_w_factor", 1),
        "padding": operands.padding(),
        "activation": operands.activation(),
    }


def reject_hybrid(operands: Operands, x: int, weights: int) -> None:
    """`UnsupportedOperation` for a float32 input with weights of integers."""
    dtype = operands.tensor(weights).dtype
    if operands.tensor(x).dtype is DType.FLOAT32 and dtype.is_integer:
        raise UnsupportedOperation(
            f"{operands.name} of a float32 input with {dtype} weights (dynamic-range quantisation) is not "
            f"supported; quantise the whole model to 8 bits, or none of it"
        )
