"""Convolutions and fully connected layers."""

from collections.abc import Sequence

from npu_hal.api import AnyOperation, Conv2D, DepthwiseConv2D, FullyConnected, Tensor

from .arguments import AddConstant, OperatorArguments, fused_activation
from .window import window_options


def convolution_arguments(
    operation: AnyOperation, tensors: Sequence[Tensor], constant: AddConstant
) -> OperatorArguments | None:
    """None for kinds of other families."""
    match operation:
        case Conv2D() | DepthwiseConv2D():
            filter_hw = tensors[operation.filter].shape[1:3]
            options = window_options(operation, tensors, (filter_hw[0], filter_hw[1]), operation.dilations)
            options |= {"DilationHFactor": operation.dilation_height, "DilationWFactor": operation.dilation_width}
            if isinstance(operation, Conv2D):
                return OperatorArguments(operation.inputs, "Conv2DOptions", options)
            options["DepthMultiplier"] = operation.depth_multiplier
            return OperatorArguments(operation.inputs, "DepthwiseConv2DOptions", options)
        case FullyConnected():
            inputs = [operation.input, operation.weights, -1 if operation.bias is None else operation.bias]
            options = {"KeepNumDims": operation.keep_num_dims, **fused_activation(operation.activation)}
            return OperatorArguments(inputs, "FullyConnectedOptions", options)
        case _:
            return None
