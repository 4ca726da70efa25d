"""What the driver refuses, and why, before anything is built."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from npu_hal.api import (
    Activation,
    Add,
    AveragePool2D,
    Concatenation,
    Conv2D,
    DepthwiseConv2D,
    DType,
    FullyConnected,
    Graph,
    GraphBuilder,
    Mean,
    Pad,
    Padding,
    Quantization,
    Relu6,
    Reshape,
    Shape,
    Softmax,
    Split,
)
from npu_hal_etnaviv.hardware.npu_core import NpuCore, npu_core_named
from npu_hal_etnaviv.mesa_compatibility.supports import supports_as_mesa
from npu_hal_etnaviv.supports.supports import CHECKS, supports
from tests.etnaviv.graphs import V7, V8, convolution_graph, depthwise_graph, image_input, quantization


def refusal(graph: Graph, core: NpuCore) -> str:
    """Why the graph's last operation is refused; empty if it is not."""
    return supports(graph.operations[-1], graph, core).reason


def convolution(
    shape: Shape = (1, 8, 8, 4),
    weights_shape: Shape = (3, 3, 3, 4),
    weights: Quantization | None = None,
    output: Quantization | None = None,
    dtype: DType = DType.UINT8,
    **fields: Any,
) -> Graph:
    builder = GraphBuilder()
    x = builder.input("x", shape, dtype, None if dtype is DType.FLOAT32 else quantization())
    data = np.ones(weights_shape, dtype.numpy)
    w = builder.constant("weights", data, None if dtype is DType.FLOAT32 else weights or quantization(0.01))
    y = builder.tensor("y", dtype, None if dtype is DType.FLOAT32 else output or quantization(0.1))
    builder.append(Conv2D(input=x, filter=w, output=y, **{"padding": Padding.SAME, **fields}))
    return builder.build([y])


def computed_weights() -> Graph:
    builder = GraphBuilder()
    x, w = image_input(builder, (1, 8, 8, 4)), image_input(builder, (3, 1, 1, 4), "w")
    y = builder.tensor("y", DType.UINT8, quantization())
    builder.append(Conv2D(input=x, filter=w, output=y, padding=Padding.SAME))
    return builder.build([y])


def depthwise_multiplier() -> Graph:
    builder = GraphBuilder()
    x = image_input(builder, (1, 8, 8, 2))
    w = builder.constant("w", np.ones((1, 3, 3, 6), np.uint8), quantization(0.01))
    y = builder.tensor("y", DType.UINT8, quantization())
    builder.append(DepthwiseConv2D(input=x, filter=w, output=y, padding=Padding.SAME, depth_multiplier=3))
    return builder.build([y])


def fully_connected(rows: int, depth: int, outputs: int) -> Graph:
    builder = GraphBuilder()
    x = image_input(builder, (rows, depth))
    w = builder.constant("w", np.ones((outputs, depth), np.uint8), quantization(0.01))
    y = builder.tensor("y", DType.UINT8, quantization())
    builder.append(FullyConnected(input=x, weights=w, output=y))
    return builder.build([y])


def addition(first: Shape, second: Shape, scales: tuple[float, float] = (0.02, 0.02), output: float = 0.04) -> Graph:
    builder = GraphBuilder()
    operands = [
        builder.input(name, shape, DType.UINT8, quantization(scale))
        for name, shape, scale in zip("ab", (first, second), scales, strict=True)
    ]
    y = builder.tensor("y", DType.UINT8, quantization(output))
    builder.append(Add(lhs=operands[0], rhs=operands[1], output=y))
    return builder.build([y])


def unary(
    operation: Callable[..., Any], input_shape: Shape = (1, 8, 8, 4), scale: float = 0.02, **fields: Any
) -> Graph:
    builder = GraphBuilder()
    x = image_input(builder, input_shape)
    y = builder.tensor("y", DType.UINT8, quantization(scale))
    builder.append(operation(input=x, output=y, **fields))
    return builder.build([y])


def concatenation(axis: int, shape: Shape = (2, 3, 4, 5), **fields: Any) -> Graph:
    builder = GraphBuilder()
    parts = (image_input(builder, shape, "a"), image_input(builder, shape, "b"))
    y = builder.tensor("y", DType.UINT8, quantization())
    builder.append(Concatenation(concatenated=parts, output=y, axis=axis, **fields))
    return builder.build([y])


def split(axis: int) -> Graph:
    builder = GraphBuilder()
    x = image_input(builder, (1, 4, 4, 4))
    parts = tuple(builder.tensor(name, DType.UINT8, quantization()) for name in "ab")
    builder.append(Split(input=x, parts=parts, axis=axis))
    return builder.build(list(parts))


PER_AXIS = Quantization.per_axis((0.01, 0.02, 0.01), axis=0)
POOL: dict[str, Any] = {"filter_height": 3, "filter_width": 3}

REFUSED: dict[str, tuple[Graph, NpuCore, str]] = {
    "float": (convolution(dtype=DType.FLOAT32), V7, "x is float32"),
    "batch": (convolution((2, 8, 8, 4)), V7, "a batch of 2"),
    "per axis": (convolution(weights=PER_AXIS), V8, "3 scales, one for each output channel"),
    "computed weights": (computed_weights(), V7, "w are computed"),
    "weights of scale 0": (convolution(weights=quantization(0.0)), V7, "a scale of 0"),
    "dilation": (convolution(dilation_height=2, dilation_width=3), V8, "dilated by 2x3"),
    "stride 3": (convolution(stride_height=3, stride_width=3), V7, "stride is 3x3"),
    "unequal strides": (convolution(stride_height=1, stride_width=2), V8, "stride is 1x2"),
    "groups": (convolution(weights_shape=(4, 3, 3, 2)), V7, "2 groups"),
    "kernel on V7": (convolution((1, 16, 16, 1), (1, 12, 3, 1)), V7, "12x3, and the NPU takes at most 11x11"),
    "kernel on V8": (convolution((1, 20, 20, 1), (1, 3, 16, 1)), V8, "3x16, and the NPU takes at most 15x15"),
    "kernel at stride 2": (
        convolution((1, 64, 64, 1), (1, 23, 3, 1), stride_height=2, stride_width=2),
        V7,
        "23x3, and the NPU takes at most 22x22",
    ),
    "width": (convolution((1, 1, 8192, 1), (1, 1, 1, 1)), V7, "sides of at most 8191"),
    "width at stride 2": (
        convolution((1, 4, 8191, 1), (1, 1, 1, 1), stride_height=2, stride_width=2),
        V7,
        "sides of at most 4095",
    ),
    "channels": (convolution((1, 1, 1, 16384), (1, 1, 1, 16384)), V8, "16384 channels"),
    "channels at stride 2": (
        convolution((1, 4, 4, 4096), (1, 3, 3, 4096), stride_height=2, stride_width=2),
        V8,
        "16384 channels of a rearranged input",
    ),
    "factor on V8": (convolution(output=quantization(0.0001)), V8, "an output factor of 2"),
    "relu1": (convolution(activation=Activation.RELU_N1_TO_1), V8, "no lower bound but 0"),
    "multiplier": (depthwise_multiplier(), V8, "3 outputs of each of 2 channels"),
    "wide depthwise": (depthwise_graph((1, 12, 12, 5000), 11), V7, "weights for a depthwise convolution"),
    "rows": (fully_connected(8192, 1, 1), V7, "8192 rows"),
    "depth": (fully_connected(1, 16384, 1), V8, "16384 inputs"),
    "broadcast": (addition((1, 4, 4, 3), (1, 1, 1, 3)), V7, "adds equal ones"),
    "operand scales": (addition((1, 4, 4, 3), (1, 4, 4, 3), (0.02, 20.0), 0.02), V7, "scales 0.02 and 20"),
    "prime size": (addition((1, 10007), (1, 10007)), V7, "do not make a rectangle"),
    "pool padding": (unary(AveragePool2D, padding=Padding.SAME, **POOL), V8, "reach beyond the image"),
    "pool stride": (
        unary(AveragePool2D, padding=Padding.VALID, stride_height=3, stride_width=3, input_shape=(1, 9, 9, 2), **POOL),
        V8,
        "stride is 3x3",
    ),
    "pool rescaling": (unary(AveragePool2D, padding=Padding.VALID, scale=0.03, **POOL), V8, "differ in quantisation"),
    "mean of channels": (unary(Mean, axes=(3,)), V8, "reduces axes [3]"),
    "mean on V7": (unary(Mean, axes=(1, 2), input_shape=(1, 12, 12, 2)), V7, "12x12, and the NPU takes at most 11x11"),
    "padded channels": (unary(Pad, paddings=((0, 0), (1, 1), (0, 0), (1, 0))), V8, "pads height and width"),
    "padding and rescaling": (unary(Pad, scale=0.5, paddings=((0, 0), (1, 1), (0, 0), (0, 0))), V8, "quantisation"),
    "axis": (concatenation(2), V7, "axis 2"),
    "concatenation with activation": (concatenation(3, activation=Activation.RELU), V7, "fused RELU"),
    "split axis": (split(2), V7, "axis 2"),
    "softmax": (unary(Softmax), V7, "no way to compute SOFTMAX"),
    "no rearranging": (convolution(), npu_core_named("vipnano-qi.7004.7d"), "cannot rearrange"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_the_npu_cannot_do_is_refused_in_words(name: str) -> None:
    graph, core, reason = REFUSED[name]
    assert reason in refusal(graph, core)


ACCEPTED: dict[str, tuple[Graph, NpuCore]] = {
    "a convolution": (convolution(), V7),
    "equal scales on an axis": (convolution(weights=Quantization.per_axis((0.01,) * 3, axis=0)), V7),
    "dilation of one tap": (convolution(weights_shape=(3, 1, 1, 4), dilation_height=2), V8),
    "any stride to one output": (
        convolution((1, 3, 3, 4), padding=Padding.VALID, stride_height=7, stride_width=3),
        V7,
    ),
    "relu6": (convolution(activation=Activation.RELU6), V7),
    "relu6 alone": (unary(Relu6, scale=0.1), V8),
    "relu1 that limits nothing": (
        convolution(activation=Activation.RELU_N1_TO_1, output=quantization(0.005, 128)),
        V8,
    ),
    "a multiplier of one channel": (convolution_graph((1, 8, 8, 1), 5, 3), V7),
    "the largest kernel at stride 2": (
        convolution((1, 64, 64, 1), (1, 22, 22, 1), stride_height=2, stride_width=2),
        V7,
    ),
    "reshape": (unary(Reshape, shape=(16, 16)), V8),
    "concatenation of the channels of a batch": (concatenation(3), V7),
}


@pytest.mark.parametrize("name", ACCEPTED)
def test_limits_are_no_narrower_than_they_need_be(name: str) -> None:
    graph, core = ACCEPTED[name]
    assert refusal(graph, core) == ""


def test_every_lowering_rule_has_its_check() -> None:
    from npu_hal_etnaviv.lowering.lower import LOWERINGS

    assert CHECKS.keys() == LOWERINGS.keys()


MESA_REFUSED: dict[str, tuple[Graph, str]] = {
    "pool": (unary(AveragePool2D, padding=Padding.VALID, **POOL), "does not run AVERAGE_POOL_2D"),
    "padding": (unary(Pad, paddings=((0, 0), (1, 0), (1, 1), (0, 0))), "one row and column"),
    "axis": (concatenation(1, (1, 3, 4, 5)), "not axis 1"),
    "batch": (concatenation(3), "one image"),
    "relu6": (convolution_graph((1, 8, 8, 4), 3, activation=Activation.RELU6), "RELU6"),
    "no bias": (convolution(), "a bias"),
    "fully connected without bias": (fully_connected(1, 4, 4), "a bias"),
    "broadcast": (addition((1, 4, 4, 3), (1, 1, 1, 3)), "one shape"),
}


@pytest.mark.parametrize("name", MESA_REFUSED)
def test_compatible_mode_refuses_what_mesa_does(name: str) -> None:
    graph, reason = MESA_REFUSED[name]
    assert reason in supports_as_mesa(graph.operations[-1], graph, V7).reason
