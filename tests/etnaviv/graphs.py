"""Small graphs for tests of the driver."""

from typing import Any

import numpy as np

from npu_hal.api import (
    Activation,
    Add,
    Array,
    Conv2D,
    DepthwiseConv2D,
    DType,
    Graph,
    GraphBuilder,
    Padding,
    Quantization,
    Shape,
)
from npu_hal_etnaviv.hardware.npu_core import NpuCore, npu_core_named

V7: NpuCore = npu_core_named("a311d")
V8: NpuCore = npu_core_named("imx8mp")

ACTIVATION_SCALE = 0.02
WEIGHT_SCALE = 0.01


def quantization(scale: float = ACTIVATION_SCALE, zero_point: int = 120) -> Quantization:
    return Quantization.per_tensor(scale, zero_point)


def image_input(builder: GraphBuilder, shape: Shape, name: str = "x") -> int:
    return builder.input(name, shape, DType.UINT8, quantization())


def append_convolution(
    builder: GraphBuilder,
    source: int,
    outputs: int,
    kernel: int = 1,
    output_scale: float | None = None,
    **fields: Any,
) -> int:
    """A convolution with random weights, whose sums fill the output's range unless told otherwise."""
    random = np.random.default_rng(outputs * 100 + kernel)
    channels = builder.shape(source)[3]
    weights = builder.constant(
        "weights",
        random.integers(0, 256, (outputs, kernel, kernel, channels), np.uint8),
        quantization(WEIGHT_SCALE, 130),
    )
    bias = builder.constant("bias", random.integers(-500, 500, outputs).astype(np.int32))
    scale = 2 * ACTIVATION_SCALE * WEIGHT_SCALE * 74 * kernel * np.sqrt(channels)
    y = builder.tensor("y", DType.UINT8, quantization(output_scale or float(scale), 110))
    builder.append(Conv2D(input=source, filter=weights, bias=bias, output=y, **{"padding": Padding.SAME, **fields}))
    return y


def append_depthwise(builder: GraphBuilder, source: int, kernel: int = 3, **fields: Any) -> int:
    """A depthwise convolution with random weights; returns its output."""
    random = np.random.default_rng(kernel)
    channels = builder.shape(source)[3]
    weights = builder.constant(
        "weights",
        random.integers(0, 256, (1, kernel, kernel, channels), np.uint8),
        quantization(WEIGHT_SCALE, 130),
    )
    y = builder.tensor("y", DType.UINT8, quantization(0.02 * kernel, 110))
    builder.append(DepthwiseConv2D(input=source, filter=weights, output=y, **{"padding": Padding.SAME, **fields}))
    return y


def append_addition(builder: GraphBuilder, first: int, second: int, scale: float = 0.1) -> int:
    """A sum; returns its output."""
    y = builder.tensor("sum", DType.UINT8, quantization(scale))
    builder.append(Add(lhs=first, rhs=second, output=y, activation=Activation.NONE))
    return y


def convolution_graph(shape: Shape, outputs: int, kernel: int = 1, **fields: Any) -> Graph:
    builder = GraphBuilder("convolution")
    return builder.build([append_convolution(builder, image_input(builder, shape), outputs, kernel, **fields)])


def depthwise_graph(shape: Shape, kernel: int = 3, **fields: Any) -> Graph:
    builder = GraphBuilder("depthwise")
    return builder.build([append_depthwise(builder, image_input(builder, shape), kernel, **fields)])


def random_inputs(graph: Graph, seed: int = 0) -> list[Array]:
    """Values over the whole type."""
    random = np.random.default_rng(seed)
    return [
        random.integers(*tensor.dtype.integer_range, tensor.shape, tensor.dtype.value, endpoint=True)
        for tensor in graph.input_tensors
    ]
