"""Transposed convolutions against TensorFlow Lite's reference kernels."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from npu_hal.api import Activation, DType, GraphBuilder, Padding, Quantization, TransposeConv
from tests.litert import run_file
from tests.software.checks import assert_same, run_reference
from tests.software.strategies import random_array, scales, zero_points
from tests.tflite_layers import write_layer


@settings(max_examples=60)
@given(st.data())
@pytest.mark.parametrize("dtype", [DType.FLOAT32, DType.UINT8, DType.INT8])
def test_transpose_conv(dtype: DType, data: st.DataObject) -> None:
    random = np.random.default_rng(data.draw(st.integers(0, 1 << 32)))
    batch, height, width, depth, channels = (data.draw(st.integers(1, high)) for high in (2, 6, 6, 5, 4))
    filter_hw = data.draw(st.tuples(st.integers(1, 4), st.integers(1, 4)))
    strides = data.draw(st.tuples(st.integers(1, 3), st.integers(1, 3)))
    padding = data.draw(st.sampled_from(Padding))
    # Any of the sizes whose convolution has the input's size.
    sizes = tuple(
        data.draw(st.integers(max(1, (size - 1) * stride + 1), size * stride))
        if padding is Padding.SAME
        else (size - 1) * stride + taps + data.draw(st.integers(0, stride - 1))
        for size, stride, taps in zip((height, width), strides, filter_hw, strict=True)
    )
    per_axis = dtype is DType.INT8
    builder = GraphBuilder("transpose")

    def quantization(in_dtype: DType, low: float = 1e-2) -> Quantization | None:
        if dtype is DType.FLOAT32:
            return None
        return Quantization.per_tensor(data.draw(scales(low, 1.0)), data.draw(zero_points(in_dtype)))

    x_quantization = quantization(dtype)
    x = builder.input("x", (batch, height, width, depth), dtype, x_quantization)
    weights_shape = (channels, *filter_hw, depth)
    weights_quantization = quantization(dtype)
    if per_axis:
        weights_quantization = Quantization.per_axis(tuple(data.draw(scales(1e-2, 1.0)) for _ in range(channels)), 0)
    weights = builder.constant("w", random_array(random, weights_shape, dtype), weights_quantization)
    bias = None
    if data.draw(st.booleans()):
        values = random_array(random, (channels,), DType.FLOAT32 if dtype is DType.FLOAT32 else DType.INT16)
        bias_dtype = np.float32 if dtype is DType.FLOAT32 else np.int32
        bias_quantization = None
        if x_quantization is not None and weights_quantization is not None:
            bias_quantization = Quantization.per_tensor(x_quantization.scale * weights_quantization.scales[0])
        bias = builder.constant("b", values.astype(bias_dtype), bias_quantization)
    y = builder.tensor("y", dtype, quantization(dtype, 0.5))
    builder.append(
        TransposeConv(
            input=x,
            filter=weights,
            bias=bias,
            output=y,
            height=sizes[0],
            width=sizes[1],
            stride_height=strides[0],
            stride_width=strides[1],
            padding=padding,
            activation=data.draw(st.sampled_from([Activation.NONE, Activation.RELU])),
        )
    )
    graph = builder.build([y])
    inputs = [random_array(random, graph.tensors[x].shape, dtype)]
    assert_same(run_reference(graph, inputs), run_file(write_layer(graph), inputs))
