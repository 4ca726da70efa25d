"""Small graphs, one for each kind of operation."""

from collections.abc import Callable

import numpy as np

from npu_hal.api import (
    Activation,
    Add,
    AveragePool2D,
    Concatenation,
    Conv2D,
    DepthwiseConv2D,
    Dequantize,
    DType,
    FullyConnected,
    Graph,
    GraphBuilder,
    Logistic,
    MaxPool2D,
    Mean,
    Mul,
    Pad,
    Padding,
    Quantization,
    Quantize,
    Relu,
    Relu6,
    Reshape,
    ResizeBilinear,
    ResizeNearestNeighbor,
    Softmax,
    Split,
    Sub,
    Tanh,
    Transpose,
)

from .graphs_of_movements import GRAPHS_OF_MOVEMENTS

Append = Callable[[GraphBuilder, int], list[int]]

# Scales are powers of two, which float32 holds exactly.
ACTIVATIONS = Quantization.per_tensor(0.25, 128)
SIGNED = Quantization.per_tensor(0.25, -3)
# What TensorFlow Lite demands of the outputs of these functions.
SOFTMAX_OUTPUT = Quantization.per_tensor(1 / 256, 0)
TANH_OUTPUT = Quantization.per_tensor(1 / 128, 128)


def _output(builder: GraphBuilder, quantization: Quantization | None = ACTIVATIONS, dtype: DType = DType.UINT8) -> int:
    return builder.tensor("y", dtype, quantization)


def _weights(builder: GraphBuilder, *shape: int) -> int:
    data = np.random.default_rng(1).integers(0, 256, shape, np.uint8)
    return builder.constant("weights", data, Quantization.per_tensor(0.5, 100))


def _bias(builder: GraphBuilder, count: int) -> int:
    return builder.constant("bias", np.arange(count, dtype=np.int32) - 2, Quantization.per_tensor(0.125))


def _conv_2d(builder: GraphBuilder, x: int) -> list[int]:
    weights, bias, y = _weights(builder, 4, 3, 3, 2), _bias(builder, 4), _output(builder)
    builder.append(
        Conv2D(
            input=x,
            filter=weights,
            bias=bias,
            output=y,
            stride_width=2,
            stride_height=2,
            padding=Padding.SAME,
            activation=Activation.RELU6,
        )
    )
    return [y]


def _dilated_conv_2d(builder: GraphBuilder, x: int) -> list[int]:
    weights, bias, y = _weights(builder, 4, 3, 3, 2), _bias(builder, 4), _output(builder)
    builder.append(
        Conv2D(
            input=x,
            filter=weights,
            bias=bias,
            output=y,
            dilation_height=3,
            dilation_width=2,
            padding=Padding.VALID,
        )
    )
    return [y]


def _depthwise_conv_2d(builder: GraphBuilder, x: int) -> list[int]:
    weights, bias, y = _weights(builder, 1, 3, 3, 6), _bias(builder, 6), _output(builder)
    builder.append(
        DepthwiseConv2D(input=x, filter=weights, bias=bias, output=y, depth_multiplier=3, padding=Padding.VALID)
    )
    return [y]


def _fully_connected(builder: GraphBuilder, x: int) -> list[int]:
    weights, y = _weights(builder, 5, 128), _output(builder)
    builder.append(FullyConnected(input=x, weights=weights, output=y))
    return [y]


def _fully_connected_keeping_dimensions(builder: GraphBuilder, x: int) -> list[int]:
    weights, bias, y = _weights(builder, 5, 2), _bias(builder, 5), _output(builder)
    builder.append(
        FullyConnected(input=x, weights=weights, bias=bias, output=y, keep_num_dims=True, activation=Activation.RELU)
    )
    return [y]


def _binary(kind: type[Add] | type[Sub] | type[Mul]) -> Append:
    def append(builder: GraphBuilder, x: int) -> list[int]:
        rhs, y = _weights(builder, 1, 1, 1, 2), _output(builder)
        builder.append(kind(lhs=x, rhs=rhs, output=y, activation=Activation.RELU_N1_TO_1))
        return [y]

    return append


def _pool(kind: type[AveragePool2D] | type[MaxPool2D]) -> Append:
    def append(builder: GraphBuilder, x: int) -> list[int]:
        y = _output(builder)
        builder.append(
            kind(
                input=x,
                output=y,
                filter_height=3,
                filter_width=2,
                stride_height=2,
                stride_width=1,
                padding=Padding.SAME,
            )
        )
        return [y]

    return append


def _unary(
    kind: type[Logistic] | type[Tanh] | type[Relu] | type[Relu6] | type[Softmax], output: Quantization = ACTIVATIONS
) -> Append:
    def append(builder: GraphBuilder, x: int) -> list[int]:
        y = _output(builder, output)
        builder.append(kind(input=x, output=y))
        return [y]

    return append


def _softmax(builder: GraphBuilder, x: int) -> list[int]:
    y = _output(builder, SOFTMAX_OUTPUT)
    builder.append(Softmax(input=x, output=y, beta=0.5))
    return [y]


def _mean(builder: GraphBuilder, x: int) -> list[int]:
    y = _output(builder)
    builder.append(Mean(input=x, output=y, axes=(1, 2), keep_dims=True))
    return [y]


def _split_and_concatenation(builder: GraphBuilder, x: int) -> list[int]:
    first, second, joined = _output(builder), _output(builder), _output(builder)
    builder.append(Split(input=x, parts=(first, second), axis=2))
    builder.append(Concatenation(concatenated=(second, first, x), output=joined, axis=2))
    return [joined, first]


def _pad(builder: GraphBuilder, x: int) -> list[int]:
    y = _output(builder)
    builder.append(Pad(input=x, output=y, paddings=((0, 0), (1, 2), (3, 0), (0, 0))))
    return [y]


def _reshape(builder: GraphBuilder, x: int) -> list[int]:
    y = _output(builder)
    builder.append(Reshape(input=x, output=y, shape=(4, 32)))
    return [y]


def _transpose(builder: GraphBuilder, x: int) -> list[int]:
    y = _output(builder)
    builder.append(Transpose(input=x, output=y, permutation=(0, 3, 1, 2)))
    return [y]


def _quantize_and_dequantize(builder: GraphBuilder, x: int) -> list[int]:
    signed, real = _output(builder, SIGNED, DType.INT8), _output(builder, None, DType.FLOAT32)
    builder.append(Quantize(input=x, output=signed))
    builder.append(Dequantize(input=signed, output=real))
    return [real]


def _resize(
    kind: type[ResizeBilinear] | type[ResizeNearestNeighbor], align_corners: bool, half_pixel_centers: bool
) -> Append:
    def append(builder: GraphBuilder, x: int) -> list[int]:
        y = _output(builder)
        builder.append(
            kind(
                input=x,
                output=y,
                height=5,
                width=12,
                align_corners=align_corners,
                half_pixel_centers=half_pixel_centers,
            )
        )
        return [y]

    return append


GRAPHS: dict[str, Append] = {
    "conv_2d": _conv_2d,
    "dilated_conv_2d": _dilated_conv_2d,
    "depthwise_conv_2d": _depthwise_conv_2d,
    "fully_connected": _fully_connected,
    "fully_connected_keeping_dimensions": _fully_connected_keeping_dimensions,
    "add": _binary(Add),
    "sub": _binary(Sub),
    "mul": _binary(Mul),
    "average_pool_2d": _pool(AveragePool2D),
    "max_pool_2d": _pool(MaxPool2D),
    "logistic": _unary(Logistic, SOFTMAX_OUTPUT),
    "tanh": _unary(Tanh, TANH_OUTPUT),
    "relu": _unary(Relu),
    "relu6": _unary(Relu6),
    "softmax": _softmax,
    "mean": _mean,
    "split_and_concatenation": _split_and_concatenation,
    "pad": _pad,
    "reshape": _reshape,
    "transpose": _transpose,
    "quantize_and_dequantize": _quantize_and_dequantize,
    "resize_bilinear": _resize(ResizeBilinear, True, False),
    "resize_bilinear_half_pixel": _resize(ResizeBilinear, False, True),
    "resize_nearest_neighbor": _resize(ResizeNearestNeighbor, False, False),
    **GRAPHS_OF_MOVEMENTS,
}


def small_graph(name: str) -> Graph:
    """A graph over a uint8 image of 8 x 8 x 2."""
    builder = GraphBuilder(name)
    x = builder.input("x", (1, 8, 8, 2), DType.UINT8, ACTIVATIONS)
    return builder.build(GRAPHS[name](builder, x))
