"""CONV_2D, DEPTHWISE_CONV_2D and FULLY_CONNECTED against TensorFlow Lite's reference kernels."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from npu_hal.api import (
    Array,
    Conv2D,
    DepthwiseConv2D,
    DType,
    ExplicitPadding,
    FullyConnected,
    Graph,
    GraphBuilder,
    Pad,
    Padding,
    Quantization,
    Shape,
)
from npu_hal.executor import GraphExecutor
from tests.litert import run_graph
from tests.software.checks import assert_matches_tflite, assert_same, run_reference
from tests.software.strategies import (
    Case,
    CaseBuilder,
    activations,
    quantizations,
    random_array,
    scales,
    zero_points,
)

DTYPES = (DType.UINT8, DType.INT8, DType.FLOAT32)


@st.composite
def weighted_sums(draw: st.DrawFn, kind: Any, dtype: DType, constant_weights: bool = True) -> Case:
    """A convolution or fully connected layer with or without bias."""
    builder = CaseBuilder(draw)
    x_shape, weights_shape, channel_axis, attributes = draw(_geometries(kind))
    x_quantization = draw(quantizations(dtype))
    outputs = weights_shape[channel_axis]
    weights_quantization = _weights_quantization(draw, kind, dtype, outputs, channel_axis, constant_weights)
    weights = random_array(builder.random, weights_shape, dtype)
    if dtype is DType.FLOAT32:
        # As in networks, sums are of the size of their terms; else the order of summation shows beyond 1e-5.
        weights /= np.float32(np.sqrt(weights.size / outputs))
    operands = {
        "input": builder.input(x_shape, dtype, x_quantization),
        "weights" if kind is FullyConnected else "filter": builder.operand(
            weights, weights_quantization, constant_weights
        ),
    }
    # TensorFlow Lite's CONV_2D insists on a bias.
    if kind is Conv2D or draw(st.booleans()):
        bias, bias_quantization = _bias(builder, x_quantization, weights_quantization, outputs)
        operands["bias"] = builder.operand(bias, bias_quantization, constant_weights)
    operands["output"] = builder.output(dtype, _output_quantization(draw, dtype, x_quantization, weights_quantization))
    return builder.case(kind(**operands, **attributes, activation=draw(activations)))


@st.composite
def _geometries(draw: st.DrawFn, kind: Any) -> tuple[Shape, Shape, int, dict[str, Any]]:
    """Shape of the input, shape of the weights, the axis of their output channels, and attributes."""
    if kind is FullyConnected:
        depth = draw(st.integers(1, 700))
        rows = draw(st.sampled_from([(1,), (3,), (2, 2)]))
        return (*rows, depth), (draw(st.integers(1, 9)), depth), 0, {"keep_num_dims": draw(st.booleans())}
    dilations = draw(st.sampled_from([(1, 1), (2, 2), (1, 3)]))
    filter_hw = draw(st.tuples(st.integers(1, 4), st.integers(1, 4)))
    image_hw = [
        draw(st.integers((taps - 1) * dilation + 1, (taps - 1) * dilation + 8))
        for taps, dilation in zip(filter_hw, dilations, strict=True)
    ]
    attributes = {
        "stride_height": draw(st.integers(1, 3)),
        "stride_width": draw(st.integers(1, 3)),
        "dilation_height": dilations[0],
        "dilation_width": dilations[1],
        "padding": draw(st.sampled_from(list(Padding))),
    }
    batch = draw(st.integers(1, 2))
    if kind is DepthwiseConv2D:
        channels, multiplier = draw(st.integers(1, 9)), draw(st.integers(1, 4))
        attributes["depth_multiplier"] = multiplier
        return (batch, *image_hw, channels), (1, *filter_hw, channels * multiplier), 3, attributes
    groups, depth = draw(st.sampled_from([1, 1, 2, 3])), draw(st.integers(1, 40))
    outputs = groups * draw(st.integers(1, 5))
    return (batch, *image_hw, groups * depth), (outputs, *filter_hw, depth), 0, attributes


def _weights_quantization(
    draw: st.DrawFn, kind: Any, dtype: DType, outputs: int, axis: int, constant: bool
) -> Quantization | None:
    if dtype is DType.FLOAT32:
        return None
    if dtype is DType.UINT8:
        return Quantization.per_tensor(draw(scales()), draw(zero_points(dtype)))
    if not constant or draw(st.booleans()):
        # TensorFlow Lite's convolutions refuse int8 weights with zero points.
        return Quantization.per_tensor(draw(scales()), draw(zero_points(dtype)) if kind is FullyConnected else 0)
    return Quantization.per_axis(tuple(draw(scales()) for _ in range(outputs)), axis)


def _bias(
    builder: CaseBuilder, x: Quantization | None, weights: Quantization | None, outputs: int
) -> tuple[Array, Quantization | None]:
    if x is None or weights is None:
        return random_array(builder.random, (outputs,), DType.FLOAT32), None
    bias_scales = tuple(float(np.float32(x.scale) * np.float32(scale)) for scale in weights.scales)
    axis = 0 if weights.is_per_axis else None
    values = builder.random.integers(-50000, 50000, outputs, np.int32)
    return values, Quantization(scales=bias_scales, zero_points=(0,) * len(bias_scales), axis=axis)


def _output_quantization(
    draw: st.DrawFn, dtype: DType, x: Quantization | None, weights: Quantization | None
) -> Quantization | None:
    """Scales that give multipliers from far below 1 to above 1."""
    if x is None or weights is None:
        return None
    scale = x.scale * max(weights.scales) / draw(scales(1e-5, 20.0))
    return Quantization.per_tensor(float(np.float32(scale)), draw(zero_points(dtype)))


@pytest.mark.parametrize("dtype", DTYPES)
@given(st.data())
def test_conv_2d(dtype: DType, data: st.DataObject) -> None:
    assert_matches_tflite(data.draw(weighted_sums(Conv2D, dtype)))


@pytest.mark.parametrize("dtype", DTYPES)
@given(st.data())
def test_depthwise_conv_2d(dtype: DType, data: st.DataObject) -> None:
    assert_matches_tflite(data.draw(weighted_sums(DepthwiseConv2D, dtype)))


@pytest.mark.parametrize("dtype", DTYPES)
@given(st.data())
def test_fully_connected(dtype: DType, data: st.DataObject) -> None:
    assert_matches_tflite(data.draw(weighted_sums(FullyConnected, dtype)))


@pytest.mark.parametrize("kind", [Conv2D, DepthwiseConv2D, FullyConnected])
@pytest.mark.parametrize("dtype", DTYPES)
@given(st.data())
def test_weights_that_are_not_constant(kind: Any, dtype: DType, data: st.DataObject) -> None:
    assert_matches_tflite(data.draw(weighted_sums(kind, dtype, constant_weights=False)))


@pytest.mark.parametrize("dtype", DTYPES)
@given(st.data())
def test_a_convolution_without_bias_has_a_bias_of_zeros(dtype: DType, data: st.DataObject) -> None:
    case = data.draw(weighted_sums(Conv2D, dtype))
    operation = case.graph.operations[0]
    assert isinstance(operation, Conv2D)
    assert operation.bias is not None
    tensors = list(case.graph.tensors)
    bias = tensors[operation.bias]
    tensors[operation.bias] = bias.model_copy(update={"data": np.zeros_like(bias.constant())})
    with_zeros = case.graph.model_copy(update={"tensors": tuple(tensors)})
    without = case.graph.model_copy(update={"operations": (operation.model_copy(update={"bias": None}),)})
    assert_same(run_reference(without, case.inputs), run_graph(with_zeros, case.inputs))


@pytest.mark.parametrize("kind", [Conv2D, DepthwiseConv2D])
@pytest.mark.parametrize("dtype", DTYPES)
@given(st.data())
def test_explicit_padding_is_pad_and_valid(kind: Any, dtype: DType, data: st.DataObject) -> None:
    case = data.draw(weighted_sums(kind, dtype))
    operation = case.graph.operations[0]
    assert isinstance(operation, Conv2D | DepthwiseConv2D)
    top, bottom, left, right = data.draw(st.tuples(*[st.integers(0, 3)] * 4))
    explicit = operation.model_copy(update={"padding": ExplicitPadding(top=top, bottom=bottom, left=left, right=right)})
    valid = operation.model_copy(update={"padding": Padding.VALID})
    paddings = ((0, 0), (top, bottom), (left, right), (0, 0))
    ours = _rebuilt(case.graph, explicit, ())
    composed = _rebuilt(case.graph, valid, paddings)
    assert_same(run_reference(ours, case.inputs), run_graph(composed, case.inputs))


def _rebuilt(graph: Graph, operation: Any, paddings: tuple[tuple[int, int], ...]) -> Graph:
    """`graph` with its operation replaced by `operation`, after a PAD if there are `paddings`."""
    builder = GraphBuilder()
    indices = {}
    for index, tensor in enumerate(graph.tensors):
        if tensor.data is not None:
            indices[index] = builder.constant(tensor.name, tensor.data, tensor.quantization)
        elif index in graph.inputs:
            indices[index] = builder.input(tensor.name, tensor.shape, tensor.dtype, tensor.quantization)
        else:
            indices[index] = builder.tensor(tensor.name, tensor.dtype, tensor.quantization)
    if paddings:
        x = graph.tensors[operation.input]
        padded = builder.tensor("padded", x.dtype, x.quantization)
        builder.append(Pad(input=indices[operation.input], output=padded, paddings=paddings))
        indices[operation.input] = padded
    builder.append(operation.renumbered(indices.__getitem__))
    return builder.build([indices[operation.output]])


@pytest.mark.parametrize("level", ["reference", "jit"])
@pytest.mark.parametrize("dtype", [DType.INT8, DType.UINT8])
def test_ties_of_a_fully_connected_layer(dtype: DType, level: str) -> None:
    # Twice the input's scale times a round number of hundredths: many sums are ties, or would be if the product of the
    # scales were rounded to float32.
    low, high = dtype.integer_range
    zero_point = (low + high + 1) // 2
    for scale in (0.8540281057357788, 0.1131957396864891, 0.37):
        builder = GraphBuilder("ties")
        x = builder.input("x", (256, 1), dtype, Quantization.per_tensor(scale, zero_point))
        stored = np.arange(1, 128, dtype=dtype.numpy).reshape(127, 1) + dtype.numpy.type(zero_point)
        weights = builder.constant("weights", stored, Quantization.per_tensor(0.01, zero_point))
        output = builder.tensor("y", dtype, Quantization.per_tensor(2 * scale, zero_point))
        builder.append(FullyConnected(input=x, weights=weights, output=output))
        graph = builder.build([output])
        inputs = [np.arange(low, high + 1).astype(dtype.numpy).reshape(256, 1)]
        with GraphExecutor.open(graph, "software", "cpu", {"level": level}) as executor:
            assert_same(executor.run(inputs), run_graph(graph, inputs))
