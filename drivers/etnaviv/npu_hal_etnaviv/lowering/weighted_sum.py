"""CONV_2D, DEPTHWISE_CONV_2D and FULLY_CONNECTED as convolutions."""

import numpy as np
from numpy.typing import NDArray

from npu_hal.api import Conv2D, DepthwiseConv2D, FullyConnected, Graph, resolve_padding
from npu_hal_etnaviv.jobs.image import INTERLEAVED, Image
from npu_hal_etnaviv.jobs.nn_job import KernelForm, Size
from npu_hal_etnaviv.lowering.activation import needs_clamp_at_zero
from npu_hal_etnaviv.lowering.context import LoweringContext
from npu_hal_etnaviv.lowering.convolution import Convolution, size_of
from npu_hal_etnaviv.lowering.rewriting import emit_convolution
from npu_hal_etnaviv.lowering.stride import accepted_stride
from npu_hal_etnaviv.lowering.unsigned import unsigned_quantization, unsigned_values
from npu_hal_etnaviv.weights.quantised_multiplier import float32_product_scale


def lower_conv2d(operation: Conv2D, context: LoweringContext) -> None:
    """A dense convolution; weights [OC, KH, KW, IC] become [OC, IC, KH, KW]."""
    weights = unsigned_values(context.graph.tensors[operation.filter]).transpose(0, 3, 1, 2)
    _lower(operation, context, KernelForm.DENSE, np.ascontiguousarray(weights))


def lower_depthwise_conv2d(operation: DepthwiseConv2D, context: LoweringContext) -> None:
    """A depthwise convolution; weights [1, KH, KW, C] become [C, 1, KH, KW].

    With a multiplier, all outputs read the one input channel: that is a dense convolution.
    """
    weights = np.ascontiguousarray(unsigned_values(context.graph.tensors[operation.filter]).transpose(3, 0, 1, 2))
    form = KernelForm.DEPTHWISE if operation.depth_multiplier == 1 else KernelForm.DENSE
    _lower(operation, context, form, weights)


def _lower(
    operation: Conv2D | DepthwiseConv2D, context: LoweringContext, form: KernelForm, weights: NDArray[np.uint8]
) -> None:
    graph = context.graph
    source = context.planar(operation.input)
    padding = resolve_padding(
        operation.padding, (source.height, source.width), weights.shape[2:], operation.strides, operation.dilations
    )
    target = context.new_planar(operation.output, operation.activation)
    stride = accepted_stride(operation.strides, (target.height, target.width))
    emit_convolution(
        Convolution(
            label=target.name,
            input=source,
            output=target,
            input_size=size_of(source),
            output_size=size_of(target),
            form=form,
            weights=weights,
            weight_zero_point=unsigned_quantization(graph.tensors[operation.filter]).zero_point,
            bias=bias_values(graph, operation.bias, target.channels),
            rescale=rescale(graph, operation.input, operation.filter, operation.output),
            stride=stride,
            pad_top=padding.top,
            pad_left=padding.left,
            relu=needs_clamp_at_zero(operation.activation),
            model_stride=stride,
        ),
        context,
    )


def lower_fully_connected(operation: FullyConnected, context: LoweringContext) -> None:
    """A pointwise convolution of an image with one position for each row of the input, one channel for each column."""
    graph = context.graph
    outputs, depth = graph.tensors[operation.weights].shape
    rows = graph.tensors[operation.input].size // depth
    source = _rows(operation.input, rows, depth, context)
    target = context.new_planar(operation.output, operation.activation)
    emit_convolution(
        Convolution(
            label=target.name,
            input=source,
            output=target,
            input_size=Size(rows, 1, depth),
            output_size=Size(rows, 1, outputs),
            form=KernelForm.DENSE,
            weights=unsigned_values(graph.tensors[operation.weights]).reshape(outputs, depth, 1, 1),
            weight_zero_point=unsigned_quantization(graph.tensors[operation.weights]).zero_point,
            bias=bias_values(graph, operation.bias, outputs),
            rescale=rescale(graph, operation.input, operation.weights, operation.output),
            relu=needs_clamp_at_zero(operation.activation),
        ),
        context,
    )


def _rows(tensor: int, rows: int, depth: int, context: LoweringContext) -> Image:
    """The planar image of `rows` positions and `depth` channels that has a tensor's values in their order."""
    if context.graph.tensors[tensor].shape[-1:] == (depth,):
        return context.planar(tensor)
    flat = context.interleaved(tensor)
    return context.planar_from(
        context.part_of(
            flat,
            0,
            Image(f"{flat.name}, as rows", 1, rows, depth, INTERLEAVED, flat.zero_point, flat.scale),
        )
    )


def bias_values(graph: Graph, bias: int | None, channels: int) -> NDArray[np.int32]:
    """The bias, int32 [channels]; zeros if there is none."""
    if bias is None:
        return np.zeros(channels, np.int32)
    return graph.tensors[bias].constant().reshape(channels).astype(np.int32, copy=False)


def rescale(graph: Graph, source: int, weights: int, target: int) -> float:
    """Input scale * weight scale / output scale, in float32."""
    tensors = graph.tensors
    return float(
        float32_product_scale(
            unsigned_quantization(tensors[source]).scale,
            unsigned_quantization(tensors[weights]).scale,
            unsigned_quantization(tensors[target]).scale,
        )
    )
