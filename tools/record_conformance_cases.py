"""Records the cases of the conformance kit from TensorFlow Lite's reference kernels.

``python -m tools.record_conformance_cases`` writes npu_hal/conformance/cases. Cases are made from a fixed seed.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from npu_hal.api import (
    Activation,
    Add,
    AnyOperation,
    Array,
    AveragePool2D,
    Concatenation,
    Conv2D,
    DepthwiseConv2D,
    Dequantize,
    DType,
    FullyConnected,
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
from npu_hal.conformance.capability import Capability
from npu_hal.conformance.case import FOLDER, Case, save_cases
from tests.litert import run_graph

TYPES = (DType.UINT8, DType.INT8, DType.FLOAT32)


@dataclass
class Maker:
    """A graph under construction, with random contents."""

    dtype: DType
    rng: np.random.Generator
    builder: GraphBuilder = field(default_factory=lambda: GraphBuilder("case"))

    def quantization(self, scale: float, zero_point: int = 3) -> Quantization | None:
        """A quantisation around the middle of the type's range; None for floats."""
        if self.dtype is DType.FLOAT32:
            return None
        return Quantization.per_tensor(scale, zero_point + (128 if self.dtype is DType.UINT8 else 0))

    def input(self, *shape: int, scale: float = 0.05) -> int:
        return self.builder.input("x", shape, self.dtype, self.quantization(scale))

    def output(self, name: str = "y", scale: float = 0.1) -> int:
        return self.builder.tensor(name, self.dtype, self.quantization(scale))

    def weights(self, *shape: int, axis: int | None = None) -> int:
        """Constant weights, quantised along `axis` if it is given (int8 only, zero point 0)."""
        if self.dtype is DType.FLOAT32:
            return self.builder.constant("weights", self.rng.normal(0, 0.3, shape).astype(np.float32))
        if axis is not None:
            scales = tuple(float(np.float32(scale)) for scale in self.rng.uniform(0.002, 0.02, shape[axis]))
            data = self.rng.integers(-127, 128, shape).astype(np.int8)
            return self.builder.constant("weights", data, Quantization.per_axis(scales, axis))
        info = np.iinfo(self.dtype.value)
        data = self.rng.integers(info.min, info.max + 1, shape).astype(self.dtype.numpy)
        quantization = self.quantization(0.01, -7) if self.dtype is DType.UINT8 else Quantization.per_tensor(0.01, 0)
        return self.builder.constant("weights", data, quantization)

    def bias(self, channels: int) -> int:
        if self.dtype is DType.FLOAT32:
            return self.builder.constant("bias", self.rng.normal(0, 1, channels).astype(np.float32))
        return self.builder.constant("bias", self.rng.integers(-2000, 2000, channels).astype(np.int32))

    def append(self, operation: AnyOperation) -> None:
        self.builder.append(operation)

    def case(self, capability: Capability, name: str, outputs: list[int]) -> Case:
        """The finished case, with random inputs and the outputs that the reference kernels give."""
        graph = self.builder.build(outputs)
        inputs = tuple(self._random(tensor.shape, tensor.dtype) for tensor in graph.input_tensors)
        return Case(capability, name, graph, inputs, tuple(run_graph(graph, inputs)))

    def _random(self, shape: tuple[int, ...], dtype: DType) -> Array:
        if dtype is DType.FLOAT32:
            return self.rng.normal(0, 3, shape).astype(np.float32)
        info = np.iinfo(dtype.value)
        return self.rng.integers(info.min, info.max + 1, shape).astype(dtype.numpy)


def convolutions(make: Callable[[], Maker], dtype: DType) -> Iterator[tuple[Capability, str, Maker, list[int]]]:
    forms: list[tuple[str, tuple[int, int, int], tuple[int, int, int], dict[str, Any]]] = [
        ("pointwise", (5, 7, 8), (6, 1, 1), {}),
        ("3x3-same", (6, 7, 4), (8, 3, 3), {"activation": Activation.RELU6}),
        ("3x3-valid", (7, 6, 3), (5, 3, 3), {"padding": Padding.VALID, "activation": Activation.RELU}),
        ("3x3-stride-2", (9, 12, 3), (8, 3, 3), {"stride_height": 2, "stride_width": 2}),
        ("tall-stride-2", (14, 6, 3), (8, 3, 3), {"stride_height": 2, "stride_width": 2}),
        ("5x5-same", (8, 9, 4), (8, 5, 5), {}),
        ("one-channel", (8, 8, 1), (4, 5, 5), {}),
        ("dilated", (9, 9, 3), (4, 3, 3), {"dilation_height": 2, "dilation_width": 2}),
        ("1x3-stride-3", (7, 10, 4), (3, 1, 3), {"stride_width": 3}),
    ]
    for axis in (None, 0) if dtype is DType.INT8 else (None,):
        for name, (height, width, depth), (outputs, rows, columns), attributes in forms:
            maker = make()
            x, w = maker.input(1, height, width, depth), maker.weights(outputs, rows, columns, depth, axis=axis)
            arguments: dict[str, Any] = {"bias": maker.bias(outputs), "padding": Padding.SAME} | attributes
            y = maker.output()
            maker.append(Conv2D(input=x, filter=w, output=y, **arguments))
            yield Capability.CONVOLUTION, name + ("-per-axis" if axis is not None else ""), maker, [y]
        depthwise_forms: list[tuple[str, tuple[int, int, int], tuple[int, int, int], dict[str, Any]]] = [
            ("3x3", (7, 8, 8), (1, 3, 3), {"activation": Activation.RELU6}),
            ("3x3-stride-2", (9, 8, 8), (1, 3, 3), {"stride_height": 2, "stride_width": 2}),
            ("5x5-valid", (8, 9, 4), (1, 5, 5), {"padding": Padding.VALID}),
            ("multiplier-2", (6, 6, 3), (2, 3, 3), {"depth_multiplier": 2}),
            ("dilated", (9, 9, 4), (1, 3, 3), {"dilation_height": 2, "dilation_width": 2}),
        ]
        for name, (height, width, depth), (multiplier, rows, columns), attributes in depthwise_forms:
            maker = make()
            outputs = depth * multiplier
            x = maker.input(1, height, width, depth)
            w = maker.weights(1, rows, columns, outputs, axis=None if axis is None else 3)
            arguments = {"bias": maker.bias(outputs), "padding": Padding.SAME} | attributes
            y = maker.output()
            maker.append(DepthwiseConv2D(input=x, filter=w, output=y, **arguments))
            yield Capability.DEPTHWISE_CONVOLUTION, name + ("-per-axis" if axis is not None else ""), maker, [y]
    for batch in (1, 3):
        maker = make()
        x, w, bias = maker.input(batch, 20), maker.weights(10, 20), maker.bias(10)
        y = maker.output(scale=0.3)
        maker.append(FullyConnected(input=x, weights=w, bias=bias, output=y))
        yield Capability.FULLY_CONNECTED, f"batch-{batch}", maker, [y]


def elementwise(make: Callable[[], Maker], dtype: DType) -> Iterator[tuple[Capability, str, Maker, list[int]]]:
    for kind in (Add, Sub, Mul):
        for name, shape in (("same-shape", (1, 5, 6, 8)), ("broadcast", (1, 1, 1, 8))):
            maker = make()
            lhs = maker.input(1, 5, 6, 8)
            rhs = maker.builder.input("z", shape, dtype, maker.quantization(0.03, -5))
            y = maker.output(scale=0.12)
            maker.append(
                kind(lhs=lhs, rhs=rhs, output=y, activation=Activation.RELU if kind is Add else Activation.NONE)
            )
            yield Capability.ARITHMETIC, f"{kind.__name__.lower()}-{name}", maker, [y]
    low = None if dtype is DType.FLOAT32 else Quantization.per_tensor(1 / 256, 0 if dtype is DType.UINT8 else -128)
    middle = None if dtype is DType.FLOAT32 else Quantization.per_tensor(1 / 128, 128 if dtype is DType.UINT8 else 0)
    for smooth, quantization in ((Logistic, low), (Tanh, middle), (Softmax, low)):
        maker = make()
        x = maker.input(2, 10)
        y = maker.builder.tensor("y", dtype, quantization)
        maker.append(smooth(input=x, output=y))
        yield Capability.ACTIVATION, smooth.__name__.lower(), maker, [y]
    for relu in (Relu, Relu6):
        maker = make()
        x = maker.input(1, 4, 5, 8)
        y = maker.output(scale=0.05)
        maker.append(relu(input=x, output=y))
        yield Capability.ACTIVATION, relu.__name__.lower(), maker, [y]


def windows(make: Callable[[], Maker], dtype: DType) -> Iterator[tuple[Capability, str, Maker, list[int]]]:
    for kind in (AveragePool2D, MaxPool2D):
        for name, padding, size, stride in (("2x2", Padding.VALID, 2, 2), ("3x3-same", Padding.SAME, 3, 1)):
            maker = make()
            x = maker.input(1, 8, 6, 8)
            y = maker.output(scale=0.05)
            maker.append(
                kind(
                    input=x, output=y, filter_height=size, filter_width=size, padding=padding,
                    stride_height=stride, stride_width=stride,
                )
            )  # fmt: skip
            yield Capability.POOLING, f"{kind.__name__.lower()}-{name}", maker, [y]
    for keep in (True, False):
        maker = make()
        x = maker.input(1, 7, 6, 8)
        y = maker.output(scale=0.05)
        maker.append(Mean(input=x, output=y, axes=(1, 2), keep_dims=keep))
        yield Capability.REDUCTION, f"mean-keep-{keep}", maker, [y]
    for resize in (ResizeBilinear, ResizeNearestNeighbor):
        for half in (False, True):
            maker = make()
            x = maker.input(1, 5, 4, 3)
            y = maker.output(scale=0.05)
            maker.append(resize(input=x, output=y, height=9, width=7, half_pixel_centers=half))
            yield Capability.RESIZE, f"{resize.__name__.lower()}-half-{half}", maker, [y]


def layouts(make: Callable[[], Maker], dtype: DType) -> Iterator[tuple[Capability, str, Maker, list[int]]]:
    maker = make()
    x, z = maker.input(1, 4, 5, 8), maker.builder.input("z", (1, 4, 5, 8), dtype, maker.quantization(0.05))
    y = maker.output(scale=0.05)
    maker.append(Concatenation(concatenated=(x, z), output=y, axis=3))
    yield Capability.LAYOUT, "concatenation", maker, [y]
    maker = make()
    x = maker.input(1, 4, 5, 8)
    parts = [maker.output(name, scale=0.05) for name in ("a", "b")]
    maker.append(Split(input=x, parts=tuple(parts), axis=3))
    yield Capability.LAYOUT, "split", maker, parts
    maker = make()
    x = maker.input(1, 4, 5, 8)
    y = maker.output(scale=0.05)
    maker.append(Pad(input=x, output=y, paddings=((0, 0), (1, 1), (1, 1), (0, 0))))
    yield Capability.LAYOUT, "pad", maker, [y]
    maker = make()
    x = maker.input(1, 4, 5, 8)
    y = maker.output(scale=0.05)
    maker.append(Reshape(input=x, output=y, shape=(4, 40)))
    yield Capability.LAYOUT, "reshape", maker, [y]
    maker = make()
    x = maker.input(1, 4, 5, 8)
    y = maker.output(scale=0.05)
    maker.append(Transpose(input=x, output=y, permutation=(0, 3, 1, 2)))
    yield Capability.LAYOUT, "transpose", maker, [y]


def conversions(make: Callable[[], Maker], dtype: DType) -> Iterator[tuple[Capability, str, Maker, list[int]]]:
    if dtype is DType.FLOAT32:
        return
    maker = make()
    x = maker.builder.input("x", (2, 9), DType.FLOAT32)
    y = maker.output()
    maker.append(Quantize(input=x, output=y))
    yield Capability.QUANTIZATION, "quantize", maker, [y]
    maker = make()
    x, y = maker.input(2, 9), maker.builder.tensor("y", DType.FLOAT32)
    maker.append(Dequantize(input=x, output=y))
    yield Capability.QUANTIZATION, "dequantize", maker, [y]
    maker = make()
    x, y = maker.input(2, 9), maker.output(scale=0.07)
    maker.append(Quantize(input=x, output=y))
    yield Capability.QUANTIZATION, "requantize", maker, [y]


def graphs(make: Callable[[], Maker], dtype: DType) -> Iterator[tuple[Capability, str, Maker, list[int]]]:
    maker = make()
    x = maker.input(1, 9, 8, 3)
    tensors = [maker.output(name) for name in ("a", "b", "c")]
    weights = [maker.weights(8, 3, 3, 3), maker.weights(1, 3, 3, 8), maker.weights(8, 1, 1, 8)]
    biases = [maker.bias(8) for _ in range(3)]
    first, second, third = tensors
    maker.append(
        Conv2D(
            input=x, filter=weights[0], bias=biases[0], output=first, padding=Padding.SAME, stride_height=2,
            stride_width=2, activation=Activation.RELU6,
        )
    )  # fmt: skip
    maker.append(DepthwiseConv2D(input=first, filter=weights[1], bias=biases[1], output=second, padding=Padding.SAME))
    maker.append(Conv2D(input=second, filter=weights[2], bias=biases[2], output=third, padding=Padding.SAME))
    y = maker.output("y", scale=0.2)
    maker.append(Add(lhs=first, rhs=third, output=y))
    # The first tensor is read inside and is an output as well.
    yield Capability.GRAPHS, "residual-block", maker, [y, first]


MAKERS = (convolutions, elementwise, windows, layouts, conversions, graphs)


def record() -> dict[Capability, list[Case]]:
    rng = np.random.default_rng(20240607)
    cases: dict[Capability, list[Case]] = {}
    for dtype in TYPES:
        for make_all in MAKERS:
            for capability, name, maker, outputs in make_all(partial(Maker, dtype, rng), dtype):
                cases.setdefault(capability, []).append(maker.case(capability, f"{name}-{dtype}", outputs))
    return cases


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    for capability, cases in record().items():
        save_cases(cases, FOLDER / f"{capability}.npz")
        print(f"{capability}: {len(cases)} cases")


if __name__ == "__main__":
    main()
