"""Lowering a whole graph."""

from collections.abc import Callable
from typing import Any

from npu_hal.api import (
    Add,
    AnyOperation,
    AveragePool2D,
    Concatenation,
    Conv2D,
    DepthwiseConv2D,
    FullyConnected,
    Graph,
    Mean,
    Pad,
    Quantize,
    Relu,
    Relu6,
    Reshape,
    Split,
)
from npu_hal_etnaviv.hardware.npu_core import NpuCore
from npu_hal_etnaviv.jobs.job import Program
from npu_hal_etnaviv.lowering.addition import lower_add
from npu_hal_etnaviv.lowering.averaging import lower_average_pool, lower_mean
from npu_hal_etnaviv.lowering.context import LoweringContext
from npu_hal_etnaviv.lowering.elementwise import lower_quantize, lower_relu
from npu_hal_etnaviv.lowering.joining import lower_concatenation, lower_split
from npu_hal_etnaviv.lowering.padding import lower_pad
from npu_hal_etnaviv.lowering.reshape import lower_reshape
from npu_hal_etnaviv.lowering.weighted_sum import lower_conv2d, lower_depthwise_conv2d, lower_fully_connected

LOWERINGS: dict[type[AnyOperation], Callable[[Any, LoweringContext], None]] = {
    Conv2D: lower_conv2d,
    DepthwiseConv2D: lower_depthwise_conv2d,
    FullyConnected: lower_fully_connected,
    Add: lower_add,
    Concatenation: lower_concatenation,
    Split: lower_split,
    Pad: lower_pad,
    Reshape: lower_reshape,
    AveragePool2D: lower_average_pool,
    Mean: lower_mean,
    Relu: lower_relu,
    Relu6: lower_relu,
    Quantize: lower_quantize,
}
"""The rule of each kind; an operation must have been accepted by `npu_hal_etnaviv.supports`."""


def lower(graph: Graph, core: NpuCore) -> Program:
    """The jobs of a graph of accepted operations.

    An output's interleaved image is made right after the operation that computes it, which lets its planar one
    die early.
    """
    context = LoweringContext(graph, core)
    outputs = set(graph.outputs)
    for context.position, operation in enumerate(graph.operations):
        LOWERINGS[type(operation)](operation, context)
        for tensor in operation.outputs:
            if tensor in outputs:
                context.interleaved(tensor)
    return context.program()
