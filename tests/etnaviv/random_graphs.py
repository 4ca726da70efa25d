"""Random graphs of operations that the NPU may be able to run, for hypothesis."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from hypothesis import strategies as st

from npu_hal.api import (
    Activation,
    Add,
    Array,
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
    Quantize,
    Relu,
    Relu6,
    Reshape,
    Shape,
    Split,
)
from npu_hal.api.padding import window_output_hw

MOST_VALUES = 20_000
MOST_WEIGHTS = 60_000
BIAS = 2_000


@dataclass(frozen=True)
class RandomGraph:
    """A graph and an array for each of its inputs."""

    graph: Graph
    inputs: tuple[Array, ...]

    def __repr__(self) -> str:
        tensors = ", ".join(
            f"{index}: {tensor.dtype}{list(tensor.shape)} {tensor.quantization}"
            for index, tensor in enumerate(self.graph.tensors)
        )
        return f"RandomGraph({self.graph.operations!r}, {tensors}, outputs {self.graph.outputs})"


def zero_points(dtype: DType) -> st.SearchStrategy[int]:
    low, high = dtype.integer_range
    return st.one_of(st.sampled_from([low, (low + high + 1) // 2, high]), st.integers(low, high))


def float32(value: float) -> float:
    return float(np.float32(value))


def scales(low: float = 0.004, high: float = 0.2) -> st.SearchStrategy[float]:
    return st.floats(float(np.log(low)), float(np.log(high))).map(lambda power: float32(np.exp(power)))


@dataclass
class _Growing:
    """A graph that operations are appended to; `images` are tensors of rank 4 that later ones can read."""

    draw: st.DrawFn
    dtype: DType
    random: np.random.Generator
    builder: GraphBuilder = field(default_factory=lambda: GraphBuilder("random"))
    images: list[int] = field(default_factory=list)
    computed: list[int] = field(default_factory=list)
    quantizations: dict[int, Quantization] = field(default_factory=dict)
    inputs: list[Array] = field(default_factory=list)

    def values(self, shape: Shape) -> Array:
        low, high = self.dtype.integer_range
        return self.random.integers(low, high, shape, self.dtype.value, endpoint=True)

    def quantization(self, scale: float | None = None) -> Quantization:
        chosen = self.draw(scales()) if scale is None else float32(scale)
        return Quantization.per_tensor(chosen, self.draw(zero_points(self.dtype)))

    def new_input(self) -> int:
        height, width = self.draw(st.integers(1, 24)), self.draw(st.integers(1, 24))
        most = MOST_VALUES // (height * width)
        # One side can be long: more than a tile, than a block of channels, than a byte of anything.
        match self.draw(st.integers(0, 9)):
            case 0:
                height, most = self.draw(st.integers(25, 700)), max(most // 40, 1)
            case 1:
                width, most = self.draw(st.integers(25, 700)), max(most // 40, 1)
            case 2:
                most *= 10
        channels = self.draw(st.integers(1, min(40 if most <= 40 else 600, most)))
        shape = (1, height, width, channels)
        quantization = self.quantization()
        index = self.builder.input(f"input {len(self.inputs)}", shape, self.dtype, quantization)
        self.inputs.append(self.values(shape))
        self.quantizations[index] = quantization
        self.images.append(index)
        return index

    def weight_quantization(self) -> Quantization:
        """TensorFlow Lite has no zero point in int8 weights."""
        quantization = self.quantization()
        return Quantization.per_tensor(quantization.scale) if self.dtype is DType.INT8 else quantization

    def constant(self, shape: Shape, quantization: Quantization) -> int:
        """Weights, of which a share that is drawn equals the zero point."""
        data = self.values(shape)
        share = self.draw(st.sampled_from([0.0, 0.5, 0.95]))
        data[self.random.random(shape) < share] = quantization.zero_point
        return self.builder.constant("weights", data, quantization)

    def bias(self, source: int, weights: Quantization, channels: int) -> int:
        scale = float32(self.quantizations[source].scale * weights.scale)
        return self.builder.constant(
            "bias", self.random.integers(-BIAS, BIAS, channels).astype(np.int32), Quantization.per_tensor(scale)
        )

    def output(self, quantization: Quantization) -> int:
        index = self.builder.tensor(f"tensor {len(self.computed)}", self.dtype, quantization)
        self.quantizations[index] = quantization
        return index

    def done(self, *tensors: int) -> None:
        for index in tensors:
            self.computed.append(index)
            if len(self.builder.shape(index)) == 4:
                self.images.append(index)

    def image(self) -> int:
        """An image that is there, a recent one rather than an old one; or a new input."""
        if not self.images or (len(self.inputs) < 3 and self.draw(st.integers(0, 7)) == 0):
            return self.new_input()
        return self.images[-1 - min(self.draw(st.integers(0, 3)), len(self.images) - 1)]

    def weighted_quantization(self, source: int, weights: Quantization, terms: int) -> Quantization:
        """An output scale that sums of so many random terms of the source fill."""
        spread = self.quantizations[source].scale * weights.scale * 74 * 74 * np.sqrt(terms)
        return self.quantization(spread / self.draw(st.floats(20, 120)))


activations = st.sampled_from([Activation.NONE, Activation.NONE, Activation.RELU, Activation.RELU6])


def convolution(g: _Growing) -> None:
    source = g.image()
    _, height, width, channels = g.builder.shape(source)
    kernel = (g.draw(st.integers(1, min(7, height + 1))), g.draw(st.integers(1, min(7, width + 1))))
    if g.draw(st.booleans()):
        kernel = (min(kernel), min(kernel))
    stride = g.draw(st.sampled_from([1, 1, 2, 2, 3]))
    padding = g.draw(st.sampled_from(list(Padding)))
    if min(window_output_hw(padding, (height, width), kernel, (stride, stride))) < 1:
        padding = Padding.SAME
    weights = g.weight_quantization()
    fields = {
        "input": source,
        "stride_height": stride,
        "stride_width": stride,
        "padding": padding,
        "activation": g.draw(activations),
    }
    if g.draw(st.booleans()):
        multiplier = g.draw(st.integers(2, 5)) if channels == 1 and g.draw(st.booleans()) else 1
        y = g.output(g.weighted_quantization(source, weights, kernel[0] * kernel[1]))
        outputs = channels * multiplier
        g.builder.append(
            DepthwiseConv2D(
                **fields,
                filter=g.constant((1, *kernel, outputs), weights),
                bias=g.bias(source, weights, outputs),
                output=y,
                depth_multiplier=multiplier,
            )
        )
    else:
        terms = kernel[0] * kernel[1] * channels
        outputs = g.draw(st.integers(1, max(1, min(48, MOST_WEIGHTS // terms, MOST_VALUES // (height * width)))))
        y = g.output(g.weighted_quantization(source, weights, terms))
        g.builder.append(
            Conv2D(
                **fields,
                filter=g.constant((outputs, *kernel, channels), weights),
                bias=g.bias(source, weights, outputs),
                output=y,
            )
        )
    g.done(y)


def fully_connected(g: _Growing) -> None:
    source = g.image()
    shape = g.builder.shape(source)
    depth = shape[3] if g.draw(st.booleans()) else int(np.prod(shape))
    outputs = g.draw(st.integers(1, max(1, min(48, MOST_WEIGHTS // depth))))
    weights = g.weight_quantization()
    y = g.output(g.weighted_quantization(source, weights, depth))
    g.builder.append(
        FullyConnected(
            input=source,
            weights=g.constant((outputs, depth), weights),
            bias=g.bias(source, weights, outputs),
            output=y,
            activation=g.draw(activations),
        )
    )
    g.done(y)


def addition(g: _Growing) -> None:
    first = g.image()
    same = [index for index in g.images if g.builder.shape(index) == g.builder.shape(first)]
    second = g.draw(st.sampled_from(same))
    scale = max(g.quantizations[first].scale, g.quantizations[second].scale) * g.draw(st.floats(0.7, 2.0))
    y = g.output(g.quantization(scale))
    g.builder.append(Add(lhs=first, rhs=second, output=y, activation=g.draw(activations)))
    g.done(y)


def concatenation(g: _Growing) -> None:
    first = g.image()
    axis = g.draw(st.sampled_from([3, 3, 1, 2]))

    def rest(index: int) -> tuple[int, ...]:
        shape = g.builder.shape(index)
        return (*shape[:axis], *shape[axis + 1 :])

    # TensorFlow Lite rescales uint8 only.
    rescales = g.dtype is DType.UINT8 and g.draw(st.booleans())
    quantization = g.quantization() if rescales else g.quantizations[first]
    fitting = [
        index
        for index in g.images
        if rest(index) == rest(first) and (rescales or g.quantizations[index] == quantization)
    ]
    parts = (first, *g.draw(st.lists(st.sampled_from(fitting), max_size=2)))
    y = g.output(quantization)
    g.builder.append(Concatenation(concatenated=parts, output=y, axis=axis))
    g.done(y)


def split(g: _Growing) -> None:
    source = g.image()
    shape = g.builder.shape(source)
    axis = g.draw(st.sampled_from([3, 3, 1]))
    counts = [count for count in (1, 2, 3, 4) if shape[axis] % count == 0]
    parts = tuple(g.output(g.quantizations[source]) for _ in range(g.draw(st.sampled_from(counts))))
    g.builder.append(Split(input=source, parts=parts, axis=axis))
    g.done(*parts)


def pad(g: _Growing) -> None:
    source = g.image()
    sides = st.tuples(st.integers(0, 3), st.integers(0, 3))
    y = g.output(g.quantizations[source])
    g.builder.append(Pad(input=source, output=y, paddings=((0, 0), g.draw(sides), g.draw(sides), (0, 0))))
    g.done(y)


def reshape(g: _Growing) -> None:
    source = g.image()
    _, height, width, channels = g.builder.shape(source)
    shapes: list[Shape] = [
        (1, height * width * channels),
        (1, height * width, channels),
        (1, width, height, channels),
        (1, 1, 1, height * width * channels),
        (1, height, width * channels, 1),
    ]
    y = g.output(g.quantizations[source])
    g.builder.append(Reshape(input=source, output=y, shape=g.draw(st.sampled_from(shapes))))
    g.done(y)


def average(g: _Growing) -> None:
    source = g.image()
    _, height, width, _ = g.builder.shape(source)
    if g.draw(st.booleans()):
        y = g.output(g.quantization(g.quantizations[source].scale * g.draw(st.floats(0.5, 2.0))))
        g.builder.append(Mean(input=source, output=y, axes=(1, 2), keep_dims=g.draw(st.booleans())))
    else:
        stride = g.draw(st.sampled_from([1, 2]))
        y = g.output(g.quantizations[source])
        g.builder.append(
            AveragePool2D(
                input=source,
                output=y,
                filter_height=g.draw(st.integers(1, min(7, height))),
                filter_width=g.draw(st.integers(1, min(7, width))),
                stride_height=stride,
                stride_width=stride,
                padding=Padding.VALID,
            )
        )
    g.done(y)


def elementwise(g: _Growing) -> None:
    source = g.image()
    y = g.output(g.quantization(g.quantizations[source].scale * g.draw(st.floats(0.5, 2.0))))
    kinds: list[type[Relu] | type[Relu6] | type[Quantize]] = [Relu, Relu6, Quantize]
    g.builder.append(g.draw(st.sampled_from(kinds))(input=source, output=y))
    g.done(y)


APPENDING: tuple[Callable[[_Growing], None], ...] = (
    convolution,
    convolution,
    convolution,
    fully_connected,
    addition,
    concatenation,
    split,
    pad,
    reshape,
    average,
    elementwise,
)


@st.composite
def random_graphs(draw: st.DrawFn, most_operations: int) -> RandomGraph:
    """Graphs of up to so many operations; tensors have several readers, and any may be an output."""
    dtype = draw(st.sampled_from([DType.UINT8, DType.INT8]))
    growing = _Growing(draw, dtype, np.random.default_rng(draw(st.integers(0, 2**32 - 1))))
    growing.new_input()
    for _ in range(draw(st.integers(1, most_operations))):
        draw(st.sampled_from(APPENDING))(growing)
    last = growing.computed[-1]
    outputs = [index for index in growing.computed if index == last or draw(st.booleans())]
    return RandomGraph(growing.builder.build(outputs), tuple(growing.inputs))
