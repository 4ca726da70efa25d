"""Every operator with options, as the runtime has parsed them, against the reference kernels."""

from collections.abc import Callable

import numpy as np
import pytest

import teflon
from npu_hal.api import (
    Activation,
    Add,
    AnyOperation,
    AveragePool2D,
    Concatenation,
    Conv2D,
    DepthwiseConv2D,
    Dequantize,
    DType,
    FullyConnected,
    GraphBuilder,
    MaxPool2D,
    Mean,
    Mul,
    Pad,
    Padding,
    Quantization,
    Quantize,
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

from ..tflite_models import write_model
from .runtime import assert_same_as_reference

X, Y = Quantization.per_tensor(0.05, -3), Quantization.per_tensor(0.08, 5)


class Operands:
    """Adds the operands of one operation to a graph."""

    def __init__(self) -> None:
        self.builder = GraphBuilder("one operation")
        self._generator = np.random.default_rng(2)

    def x(self, *shape: int, quantization: Quantization = X) -> int:
        return self.builder.input("x", shape, DType.INT8, quantization)

    def y(self, dtype: DType = DType.INT8, quantization: Quantization | None = Y) -> int:
        return self.builder.tensor("y", dtype, quantization)

    def weights(self, *shape: int, axis: int = 0) -> int:
        scales = tuple(0.01 + 0.002 * number for number in range(shape[axis]))
        values = self._generator.integers(-127, 128, shape, np.int8)
        return self.builder.constant("weights", values, Quantization.per_axis(scales, axis))

    def bias(self, count: int) -> int:
        scales = tuple(0.05 * (0.01 + 0.002 * number) for number in range(count))
        values = self._generator.integers(-900, 900, count, np.int32)
        return self.builder.constant("bias", values, Quantization.per_axis(scales, 0))


SOFTMAX_OUTPUT = Quantization.per_tensor(1 / 256, -128)
TANH_OUTPUT = Quantization.per_tensor(1 / 128, 0)

# Options differ from their defaults and, where there are two of a kind, from each other.
OPERATIONS: dict[str, Callable[[Operands], AnyOperation]] = {
    "valid convolution": lambda o: Conv2D(
        input=o.x(1, 9, 11, 3),
        filter=o.weights(4, 3, 2, 3),
        bias=o.bias(4),
        output=o.y(),
        padding=Padding.VALID,
        stride_height=2,
        stride_width=3,
        activation=Activation.RELU,
    ),
    "dilated convolution": lambda o: Conv2D(
        input=o.x(1, 9, 11, 3),
        filter=o.weights(4, 3, 2, 3),
        bias=o.bias(4),
        output=o.y(),
        padding=Padding.SAME,
        dilation_height=2,
        dilation_width=3,
        activation=Activation.RELU6,
    ),
    "depthwise convolution": lambda o: DepthwiseConv2D(
        input=o.x(1, 9, 11, 3),
        filter=o.weights(1, 3, 2, 6, axis=3),
        bias=o.bias(6),
        output=o.y(),
        padding=Padding.SAME,
        stride_height=2,
        stride_width=1,
        depth_multiplier=2,
        activation=Activation.RELU_N1_TO_1,
    ),
    "dilated depthwise convolution": lambda o: DepthwiseConv2D(
        input=o.x(1, 9, 11, 3),
        filter=o.weights(1, 3, 2, 3, axis=3),
        bias=o.bias(3),
        output=o.y(),
        padding=Padding.VALID,
        dilation_height=3,
        dilation_width=2,
    ),
    "average pool": lambda o: AveragePool2D(
        input=o.x(1, 9, 11, 3, quantization=Y),
        output=o.y(),
        filter_height=3,
        filter_width=2,
        stride_height=2,
        stride_width=3,
        padding=Padding.VALID,
        activation=Activation.RELU,
    ),
    "max pool": lambda o: MaxPool2D(
        input=o.x(1, 9, 11, 3, quantization=Y),
        output=o.y(),
        filter_height=2,
        filter_width=4,
        stride_height=3,
        stride_width=2,
        padding=Padding.SAME,
    ),
    "fully connected": lambda o: FullyConnected(
        input=o.x(2, 3, 7), weights=o.weights(5, 7), output=o.y(), keep_num_dims=True, activation=Activation.RELU
    ),
    "add": lambda o: Add(lhs=(x := o.x(2, 5)), rhs=x, output=o.y(), activation=Activation.RELU6),
    "sub": lambda o: Sub(lhs=o.x(2, 5), rhs=o.x(1, 5, quantization=Y), output=o.y(), activation=Activation.RELU),
    "mul": lambda o: Mul(lhs=(x := o.x(2, 5)), rhs=x, output=o.y(), activation=Activation.RELU_N1_TO_1),
    "mean": lambda o: Mean(input=o.x(1, 4, 5, 3), output=o.y(), axes=(1, 2), keep_dims=True),
    "mean without its axes": lambda o: Mean(input=o.x(1, 4, 5, 3), output=o.y(), axes=(1, 2)),
    "concatenation": lambda o: Concatenation(
        concatenated=((x := o.x(2, 3, 4, quantization=Y)), x), output=o.y(), axis=1
    ),
    "pad": lambda o: Pad(
        input=o.x(1, 4, 5, 3, quantization=Y), output=o.y(), paddings=((0, 0), (1, 2), (3, 0), (0, 0))
    ),
    "reshape": lambda o: Reshape(input=o.x(2, 3, 4, quantization=Y), output=o.y(), shape=(4, 6)),
    "softmax": lambda o: Softmax(input=o.x(2, 9), output=o.y(quantization=SOFTMAX_OUTPUT), beta=0.5),
    "tanh": lambda o: Tanh(input=o.x(2, 9), output=o.y(quantization=TANH_OUTPUT)),
    "relu6": lambda o: Relu6(input=o.x(2, 9), output=o.y()),
    "quantize": lambda o: Quantize(input=o.x(2, 9), output=o.y(DType.UINT8, Quantization.per_tensor(0.1, 100))),
    "dequantize": lambda o: Dequantize(input=o.x(2, 9), output=o.y(DType.FLOAT32, None)),
    "transpose": lambda o: Transpose(input=o.x(2, 3, 4, quantization=Y), output=o.y(), permutation=(2, 0, 1)),
    "resize bilinear": lambda o: ResizeBilinear(
        input=o.x(1, 4, 5, 2, quantization=Y), output=o.y(), height=7, width=11, half_pixel_centers=True
    ),
    "resize nearest neighbor": lambda o: ResizeNearestNeighbor(
        input=o.x(1, 4, 5, 2, quantization=Y), output=o.y(), height=7, width=11, align_corners=True
    ),
}


@pytest.mark.parametrize("name", OPERATIONS)
def test_options_reach_the_driver(name: str, delegate: teflon.Delegate) -> None:
    operands = Operands()
    operation = OPERATIONS[name](operands)
    operands.builder.append(operation)
    assert_same_as_reference(write_model(operands.builder.build(outputs=list(operation.outputs))), delegate)
    assert delegate.report is not None
    assert delegate.report.partitions == ((0,),), delegate.report.refusals


def test_split_has_several_outputs(delegate: teflon.Delegate) -> None:
    builder = GraphBuilder("split")
    x = builder.input("x", (2, 6, 3), DType.INT8, X)
    parts = tuple(builder.tensor(f"part {number}", DType.INT8, X) for number in range(3))
    builder.append(Split(input=x, parts=parts, axis=1))
    assert_same_as_reference(write_model(builder.build(outputs=list(parts))), delegate)
    assert delegate.report is not None
    assert delegate.report.partitions == ((0,),)
