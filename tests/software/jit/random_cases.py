"""Random graphs of one 8-bit operation, quicker to draw than hypothesis' so that thousands can be tried.

Sizes straddle the kernels' vectors and tiles; scales give multipliers on both sides of 1.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from npu_hal.api import (
    Abs,
    Activation,
    Add,
    AnyOperation,
    ArgMax,
    ArgMin,
    Array,
    AveragePool2D,
    Cast,
    Concatenation,
    Conv2D,
    DepthToSpace,
    DepthwiseConv2D,
    Dequantize,
    Div,
    DType,
    Elu,
    EmbeddingLookup,
    Exp,
    ExpandDims,
    FloorDiv,
    FullyConnected,
    Gather,
    GatherNd,
    Graph,
    GraphBuilder,
    HardSwish,
    LeakyRelu,
    Log,
    Logistic,
    Maximum,
    MaxPool2D,
    Mean,
    Minimum,
    Mul,
    Pack,
    Pad,
    Padding,
    Quantization,
    Quantize,
    Relu,
    Relu6,
    ReluN1To1,
    Reshape,
    ResizeBilinear,
    ResizeNearestNeighbor,
    Slice,
    Softmax,
    SpaceToDepth,
    Split,
    SplitV,
    Sqrt,
    StridedSlice,
    Sub,
    Tanh,
    Tile,
    Transpose,
    UnidirectionalSequenceLstm,
    Unpack,
)

CHANNELS = (1, 2, 3, 5, 7, 8, 12, 15, 16, 17, 24, 31, 32, 33, 48, 63, 64, 65, 80, 96, 100, 127, 130)


@dataclass(frozen=True)
class Case:
    """A graph and arrays for its inputs."""

    graph: Graph
    inputs: tuple[Array, ...]
    description: str


class _Drawing:
    """Draws one case."""

    def __init__(self, random: np.random.Generator) -> None:
        self.random = random
        self.dtype = DType.UINT8 if random.random() < 0.5 else DType.INT8
        self.builder = GraphBuilder("case")
        self.inputs: list[Array] = []

    def integer(self, low: int, high: int) -> int:
        return int(self.random.integers(low, high + 1))

    def choice(self, *values: Any) -> Any:
        return values[self.integer(0, len(values) - 1)]

    def channels(self, most: int = 200) -> int:
        return int(self.random.choice([c for c in CHANNELS if c <= most]))

    def scale(self, low: float = 1e-3, high: float = 1.0) -> float:
        return float(np.float32(np.exp(self.random.uniform(np.log(low), np.log(high)))))

    def zero_point(self, dtype: DType) -> int:
        low, high = dtype.integer_range
        return int(self.choice(low, high, (low + high + 1) // 2, self.integer(low, high)))

    def quantization(self, low: float = 1e-3, high: float = 1.0) -> Quantization:
        return Quantization.per_tensor(self.scale(low, high), self.zero_point(self.dtype))

    def values(self, shape: tuple[int, ...], dtype: DType) -> Array:
        low, high = dtype.integer_range
        if self.random.random() < 0.15:
            return np.where(self.random.integers(0, 2, shape) == 1, high, low).astype(dtype.numpy)
        result: Array = self.random.integers(low, high + 1, shape).astype(dtype.numpy)
        return result

    def input(self, shape: tuple[int, ...], quantization: Quantization | None = None) -> int:
        self.inputs.append(self.values(shape, self.dtype))
        used = quantization or self.quantization()
        return self.builder.input(f"x{len(self.inputs)}", shape, self.dtype, used)

    def output(self, quantization: Quantization | None = None, dtype: DType | None = None) -> int:
        return self.builder.tensor("y", dtype or self.dtype, quantization or self.quantization())

    def activation(self) -> Activation:
        return Activation(self.choice(*Activation))

    def finish(self, operation: AnyOperation) -> Case:
        self.builder.append(operation)
        graph = self.builder.build(list(operation.outputs))
        shapes = [f"{tensor.dtype}{list(tensor.shape)} {tensor.quantization}" for tensor in graph.tensors]
        return Case(graph, tuple(self.inputs), f"{operation!r} on {shapes}")

    def weights(self, shape: tuple[int, ...], axis: int, depth: int) -> tuple[int, int | None, float]:
        """Weights, perhaps a bias, and a scale of weights from which to choose the output's."""
        if self.dtype is DType.INT8 and self.random.random() < 0.6:
            scales = [self.scale(1e-3, 0.1) for _ in range(shape[axis])]
            quantization = Quantization.per_axis(tuple(scales), axis)
        else:
            zero_point = self.zero_point(self.dtype) if self.dtype is DType.UINT8 else 0
            scales = [self.scale(1e-3, 0.1)]
            quantization = Quantization.per_tensor(scales[0], zero_point)
        weights = self.builder.constant("w", self.values(shape, self.dtype), quantization)
        bias = None
        if self.random.random() < 0.8:
            spread = 1 + 1000 * depth
            values = self.random.integers(-spread, spread, shape[axis]).astype(np.int32)
            bias = self.builder.constant("b", values, Quantization.per_tensor(1.0))
        return weights, bias, max(scales)

    def window(self) -> dict[str, Any]:
        """Attributes that convolutions and pools share, and an image that they fit."""
        return {
            "stride_height": self.choice(1, 1, 2, 3),
            "stride_width": self.choice(1, 1, 2, 3),
            "padding": self.choice(Padding.SAME, Padding.VALID),
            "activation": self.activation(),
        }

    def sum_output(self, scale_w: float, depth: int) -> int:
        """An output whose scale spreads the sums over its range, more or less; at times with a multiplier above 1."""
        spread = self.choice(*[np.sqrt(depth) * 50] * 8, 0.3, 1e-4)
        scale = float(np.float32(0.05 * scale_w * spread * self.scale(0.5, 4.0)))
        return self.output(Quantization.per_tensor(scale, self.zero_point(self.dtype)))


def _convolution(draw: _Drawing) -> Case:
    kernel = (draw.integer(1, 4), draw.integer(1, 4))
    dilation = draw.choice((1, 1), (1, 1), (2, 2), (1, 3))
    image = [(taps - 1) * step + draw.integer(1, 9) for taps, step in zip(kernel, dilation, strict=True)]
    depth, channels = draw.channels(33), draw.channels()
    input_ = draw.input(
        (draw.choice(1, 1, 2), *image, depth), Quantization.per_tensor(0.05, draw.zero_point(draw.dtype))
    )
    products = kernel[0] * kernel[1] * depth
    weights, bias, scale = draw.weights((channels, *kernel, depth), 0, products)
    output = draw.sum_output(scale, products)
    steps = {"dilation_height": dilation[0], "dilation_width": dilation[1]}
    return draw.finish(Conv2D(input=input_, filter=weights, bias=bias, output=output, **steps, **draw.window()))


def _depthwise(draw: _Drawing) -> Case:
    kernel = draw.choice((3, 3), (3, 3), (draw.integer(1, 5), draw.integer(1, 5)))
    dilation = draw.choice((1, 1), (1, 1), (1, 1), (2, 2))
    image = [(taps - 1) * step + draw.integer(1, 9) for taps, step in zip(kernel, dilation, strict=True)]
    multiplier = draw.choice(1, 1, 1, 2, 3)
    depth = draw.channels(130 // multiplier)
    input_ = draw.input(
        (draw.choice(1, 1, 2), *image, depth), Quantization.per_tensor(0.05, draw.zero_point(draw.dtype))
    )
    weights, bias, scale = draw.weights((1, *kernel, depth * multiplier), 3, kernel[0] * kernel[1])
    output = draw.sum_output(scale, kernel[0] * kernel[1])
    window = draw.window()
    if draw.random.random() < 0.5:
        window["stride_width"] = window["stride_height"]
    steps = {"dilation_height": dilation[0], "dilation_width": dilation[1], "depth_multiplier": multiplier}
    return draw.finish(DepthwiseConv2D(input=input_, filter=weights, bias=bias, output=output, **steps, **window))


def _fully_connected(draw: _Drawing) -> Case:
    depth, channels = draw.integer(1, 300), draw.channels()
    input_ = draw.input((draw.choice(1, 1, 3, 14), depth), draw.quantization(0.05, 0.05))
    weights, bias, scale = draw.weights((channels, depth), 0, depth)
    output = draw.sum_output(scale, depth)
    return draw.finish(
        FullyConnected(input=input_, weights=weights, bias=bias, output=output, activation=draw.activation())
    )


def _arithmetic(draw: _Drawing) -> Case:
    kind = draw.choice(Add, Sub, Mul)
    shape = (draw.choice(1, 2), draw.integer(1, 6), draw.integer(1, 6), draw.channels(65))
    other = tuple(draw.choice(size, size, 1) for size in shape) if draw.random.random() < 0.4 else shape
    lhs, rhs = draw.input(shape), draw.input(other)
    output = draw.output(draw.quantization(3e-3, 4.0))
    return draw.finish(kind(lhs=lhs, rhs=rhs, output=output, activation=draw.activation()))


def _pool(draw: _Drawing) -> Case:
    kind = draw.choice(AveragePool2D, MaxPool2D)
    window = (draw.integer(1, 4), draw.integer(1, 4))
    image = [size + draw.integer(0, 7) for size in window]
    quantization = draw.quantization()
    input_ = draw.input((draw.choice(1, 2), *image, draw.channels(65)), quantization)
    return draw.finish(
        kind(
            input=input_,
            output=draw.output(quantization),
            filter_height=window[0],
            filter_width=window[1],
            **draw.window(),
        )
    )


def _mean(draw: _Drawing) -> Case:
    images = draw.choice(1, 1, 2, 9)
    input_ = draw.input((images, draw.integer(1, 8), draw.integer(1, 8), draw.channels()))
    axes = draw.choice((1, 2), (1, 2), (1,), (2, 3), (3,), (0,), (1, 3), (0, 2), (0, 1, 2, 3))
    return draw.finish(Mean(input=input_, output=draw.output(), axes=axes, keep_dims=bool(draw.integer(0, 1))))


def _unary(draw: _Drawing) -> Case:
    kind = draw.choice(Relu, Relu6, Logistic, Tanh, Quantize)
    low = draw.dtype.integer_range[0]
    fixed = {Logistic: (1 / 256, low), Tanh: (1 / 128, (low + draw.dtype.integer_range[1] + 1) // 2)}
    dtype = draw.choice(DType.UINT8, DType.INT8) if kind is Quantize else draw.dtype
    quantization = Quantization.per_tensor(*fixed[kind]) if kind in fixed else None
    if kind is Quantize:
        quantization = Quantization.per_tensor(draw.scale(), draw.zero_point(dtype))
    input_ = draw.input((draw.integer(1, 9), draw.integer(1, 40)))
    return draw.finish(kind(input=input_, output=draw.output(quantization, dtype)))


def _table(draw: _Drawing) -> Case:
    of_int8 = (Abs, Elu, Exp, Log) if draw.dtype is DType.INT8 else ()
    kind = draw.choice(ReluN1To1, LeakyRelu, HardSwish, *of_int8)
    attributes = {"alpha": draw.choice(0.1, 0.5, -0.5)} if kind is LeakyRelu else {}
    # No further apart than HARD_SWISH takes.
    input_ = draw.input((draw.integer(1, 9), draw.integer(1, 40)), draw.quantization(0.01, 1.0))
    return draw.finish(kind(input=input_, output=draw.output(draw.quantization(0.05, 1.0)), **attributes))


def _softmax(draw: _Drawing) -> Case:
    input_ = draw.input((draw.integer(1, 5), draw.integer(1, 300)))
    quantization = Quantization.per_tensor(1 / 256, draw.dtype.integer_range[0])
    return draw.finish(Softmax(input=input_, output=draw.output(quantization), beta=draw.choice(1.0, 0.5, 2.0)))


def _concatenation(draw: _Drawing) -> Case:
    shape = [draw.integer(1, 5) for _ in range(draw.integer(1, 4))]
    axis = draw.integer(0, len(shape) - 1)
    common = draw.quantization() if draw.random.random() < 0.7 else None
    parts = []
    for _ in range(draw.integer(1, 4)):
        shape[axis] = draw.integer(1, 40)
        parts.append(draw.input(tuple(shape), common))
    activation = draw.choice(Activation.NONE, Activation.NONE, Activation.RELU)
    output = draw.output(common)
    return draw.finish(Concatenation(concatenated=tuple(parts), output=output, axis=axis, activation=activation))


def _split(draw: _Drawing) -> Case:
    shape = [draw.integer(1, 5) for _ in range(draw.integer(1, 4))]
    axis, count = draw.integer(0, len(shape) - 1), draw.integer(1, 3)
    shape[axis] *= count
    quantization = draw.quantization()
    input_ = draw.input(tuple(shape), quantization)
    parts = tuple(draw.builder.tensor(f"y{i}", draw.dtype, quantization) for i in range(count))
    return draw.finish(Split(input=input_, parts=parts, axis=axis))


def _movement(draw: _Drawing) -> Case:
    shape = draw.choice(
        tuple(draw.integer(1, 9) for _ in range(draw.integer(1, 4))),
        (1, draw.integer(1, 9), draw.integer(1, 9), draw.channels(33)),
    )
    quantization = draw.quantization()
    input_ = draw.input(shape, quantization)
    output = draw.output(quantization)
    kind = draw.choice("pad", "pad", "reshape", "transpose")
    if kind == "pad":
        paddings = [(draw.integer(0, 3), draw.integer(0, 3)) for _ in shape]
        if len(shape) == 4 and draw.random.random() < 0.7:
            paddings[0] = paddings[3] = (0, 0)
        return draw.finish(Pad(input=input_, output=output, paddings=tuple(paddings)))
    if kind == "reshape":
        return draw.finish(Reshape(input=input_, output=output, shape=(int(np.prod(shape)),)))
    permutation = tuple(int(axis) for axis in draw.random.permutation(len(shape)))
    return draw.finish(Transpose(input=input_, output=output, permutation=permutation))


def _transpose(draw: _Drawing) -> Case:
    """Matrices on both sides of a tile and of a block, elements of all sizes, and up to six axes that move."""
    rank = draw.integer(2, 6)
    sizes = (1, 2, 3, 5, 8) if rank > 3 else (1, 2, 3, 8, 15, 16, 17, 31, 33, 64, 65, 80)
    shape = tuple(draw.choice(*sizes) for _ in range(rank))
    permutation = tuple(int(axis) for axis in draw.random.permutation(rank))
    dtype = draw.choice(draw.dtype, draw.dtype, DType.INT16, DType.INT32, DType.INT64)
    quantization = draw.quantization() if dtype.is_quantised8 else None
    draw.inputs.append(draw.values(shape, dtype))
    input_ = draw.builder.input("x", shape, dtype, quantization)
    output = draw.builder.tensor("y", dtype, quantization)
    return draw.finish(Transpose(input=input_, output=output, permutation=permutation))


def _resize(draw: _Drawing) -> Case:
    quantization = draw.quantization()
    image = (draw.integer(1, 9), draw.integer(1, 9))
    input_ = draw.input((draw.choice(1, 2), *image, draw.channels(65)), quantization)
    align, half = draw.choice((False, False), (True, False), (False, True))
    kind = draw.choice(ResizeBilinear, ResizeBilinear, ResizeNearestNeighbor)
    size = {"height": draw.integer(1, 17), "width": draw.integer(1, 17)}
    corners = {"align_corners": align, "half_pixel_centers": half}
    return draw.finish(kind(input=input_, output=draw.output(quantization), **size, **corners))


def _conversion(draw: _Drawing) -> Case:
    shape = (draw.integer(1, 5), draw.integer(1, 40))
    if draw.random.random() < 0.5:
        y = draw.builder.tensor("y", DType.FLOAT32)
        return draw.finish(Dequantize(input=draw.input(shape), output=y))
    values = (draw.random.standard_normal(shape) * draw.choice(1, 30)).astype(np.float32)
    specials = np.array([np.nan, np.inf, -np.inf, 1e30, -1e30, 0.5, -0.5, 0.49999997], np.float32)
    values.reshape(-1)[: min(specials.size, values.size)] = specials[: values.size]
    draw.inputs.append(values)
    x = draw.builder.input("x", shape, DType.FLOAT32)
    return draw.finish(Quantize(input=x, output=draw.output(draw.quantization(0.01, 2.0))))


def _arg_extremum(draw: _Drawing) -> Case:
    depth = draw.choice(draw.channels(), 255, 256, 257, 512, 700)
    shape = [*(draw.integer(1, 5) for _ in range(draw.integer(0, 3))), depth]
    axis = draw.choice(len(shape) - 1, len(shape) - 1, draw.integer(0, len(shape) - 1))
    input_ = draw.input(tuple(shape))
    # Equal bytes, of which the first counts.
    draw.inputs[0][...] = draw.inputs[0] // draw.choice(1, 16, 64)
    output = draw.builder.tensor("y", draw.choice(DType.INT32, DType.INT64))
    return draw.finish(draw.choice(ArgMax, ArgMin)(input=input_, output=output, axis=axis))


def _numbers(draw: _Drawing) -> Case:
    """float32 with infinities and NaN, int32 that wraps around; one operand may be a single number."""
    dtype = draw.choice(DType.FLOAT32, DType.INT32)
    shape = (draw.integer(1, 5), draw.channels())
    is_float = dtype is DType.FLOAT32

    def values(shape: tuple[int, ...]) -> Array:
        if not is_float:
            return draw.random.integers(-(1 << 31), 1 << 31, shape, np.int32)
        numbers = np.asarray(draw.random.standard_normal(shape) * draw.scale(1e-3, 1e3), np.float32)
        specials = draw.random.choice(np.array([np.nan, np.inf, -np.inf, 0, -0.0], np.float32), shape)
        return np.where(draw.random.random(shape) < 0.1, specials, numbers)

    def input_(shape: tuple[int, ...]) -> int:
        draw.inputs.append(values(shape))
        return draw.builder.input("x", shape, dtype)

    if draw.random.random() < 0.1:
        output = draw.builder.tensor("y", DType.FLOAT32)
        return draw.finish(Cast(input=draw.input(shape), output=output))
    lhs = input_(shape)
    kind = draw.choice(Add, Sub, Mul, Div if is_float else FloorDiv, Sqrt if is_float else Cast)
    output = draw.builder.tensor("y", DType.FLOAT32 if kind is Cast else dtype)
    if kind in (Sqrt, Cast):
        return draw.finish(kind(input=lhs, output=output))
    if kind is FloorDiv:
        divisor = draw.builder.constant("number", np.array(draw.integer(-3, 9) or 1, np.int32))
        return draw.finish(FloorDiv(lhs=lhs, rhs=divisor, output=output))
    rhs = input_(draw.choice(shape, shape, (), (1,), (1, shape[1])))
    operands = (lhs, rhs) if draw.random.random() < 0.5 else (rhs, lhs)
    return draw.finish(kind(lhs=operands[0], rhs=operands[1], output=output, activation=draw.activation()))


def _extremum(draw: _Drawing) -> Case:
    kind = draw.choice(Minimum, Maximum)
    quantization = draw.quantization()
    shape = (draw.integer(1, 6), draw.channels())
    lhs = draw.input(shape, quantization)
    if draw.random.random() < 0.4:
        rhs = draw.builder.constant("number", draw.values(draw.choice((), (1,)), draw.dtype), quantization)
    else:
        rhs = draw.input(draw.choice(shape, shape, (1, shape[1])), quantization)
    operands = (lhs, rhs) if draw.random.random() < 0.5 else (rhs, lhs)
    return draw.finish(kind(lhs=operands[0], rhs=operands[1], output=draw.output(quantization)))


def _blocks(draw: _Drawing) -> Case:
    block = draw.integer(1, 3)
    batch, height, width, depth = (draw.integer(1, most) for most in (2, 4, 4, 9))
    if draw.random.random() < 0.5:
        return _rearranged(draw, (batch, height, width, depth * block**2), DepthToSpace, block_size=block)
    return _rearranged(draw, (batch, height * block, width * block, depth), SpaceToDepth, block_size=block)


def _rearrangement(draw: _Drawing) -> Case:
    kind = draw.choice("slice", "strided", "tile", "pack", "unpack", "split", "axes")
    shape = tuple(draw.integer(1, 9) for _ in range(draw.integer(1, 5)))
    axis = draw.integer(0, len(shape) - 1)
    if kind == "slice":
        begin = tuple(draw.integer(0, size - 1) for size in shape)
        sizes = tuple(draw.integer(1, size - start) for start, size in zip(begin, shape, strict=True))
        return _rearranged(draw, shape, Slice, begin=begin, sizes=sizes)
    if kind == "strided":
        begin = tuple(draw.integer(0, size - 1) for size in shape)
        strides = tuple(draw.choice(-3, -2, -1, 1, 2, 3) for _ in shape)
        sizes = tuple(
            (size - 1 - start) // stride + 1 if stride > 0 else start // -stride + 1
            for start, stride, size in zip(begin, strides, shape, strict=True)
        )
        return _rearranged(draw, shape, StridedSlice, begin=begin, strides=strides, sizes=sizes, shape=sizes)
    if kind == "tile":
        return _rearranged(draw, shape, Tile, multiples=tuple(draw.integer(1, 3) for _ in shape))
    if kind == "axes":
        return _rearranged(draw, shape, ExpandDims, axis=axis)
    quantization = draw.quantization()
    if kind == "pack":
        packed = tuple(draw.input(shape, quantization) for _ in range(draw.integer(1, 3)))
        return draw.finish(Pack(packed=packed, output=draw.output(quantization), axis=axis))
    input_ = draw.input(shape, quantization)
    if kind == "unpack":
        slices = tuple(draw.output(quantization) for _ in range(shape[axis]))
        return draw.finish(Unpack(input=input_, slices=slices, axis=axis))
    first = draw.integer(0, shape[axis])
    parts = (draw.output(quantization), draw.output(quantization))
    return draw.finish(SplitV(input=input_, parts=parts, sizes=(first, shape[axis] - first), axis=axis))


def _rearranged(draw: _Drawing, of: tuple[int, ...], kind: Any, **attributes: Any) -> Case:
    quantization = draw.quantization()
    return draw.finish(kind(input=draw.input(of, quantization), output=draw.output(quantization), **attributes))


def _lstm(draw: _Drawing) -> Case:
    """Layers of all gates; scales from sums that move within the gates' range to some that saturate all."""
    draw.dtype = DType.INT8
    sequences, steps, depth, units = draw.integer(1, 3), draw.integer(1, 4), draw.channels(65), draw.channels(65)
    of_state = draw.quantization(0.005, 0.02)
    of_cell = Quantization.per_tensor(2.0 ** -draw.integer(9, 15))
    shape = draw.choice((sequences, steps), (steps, sequences))
    x = draw.input((*shape, depth), draw.quantization(0.01, 0.1))
    state = draw.input((sequences, units), of_state)
    draw.inputs.append(draw.values((sequences, units), DType.INT16))
    cell = draw.builder.input("cell", (sequences, units), DType.INT16, of_cell)
    fields: dict[str, int] = {}
    for gate in ("input", "forget", "cell", "output"):
        for side, columns in (("input", depth), ("recurrent", units)):
            of_weights = Quantization.per_tensor(draw.scale(1e-4, draw.choice(0.01, 1.0)))
            weights = draw.values((units, columns), DType.INT8)
            fields[f"{side}_to_{gate}_weights"] = draw.builder.constant("w", weights, of_weights)
        bias = draw.random.integers(-9999, 9999, units).astype(np.int32)
        fields[f"{gate}_gate_bias"] = draw.builder.constant("b", bias, Quantization.per_tensor(1.0))
    return draw.finish(
        UnidirectionalSequenceLstm(
            input=x, output_state=state, cell_state=cell, **fields, output=draw.output(of_state),
            new_output_state=draw.output(of_state),
            new_cell_state=draw.builder.tensor("new cell", DType.INT16, of_cell),
            time_major=shape == (steps, sequences), cell_clip=draw.choice(0.0, 0.3), hidden_quantization=of_state,
        )
    )  # fmt: skip


def _slices(draw: _Drawing) -> Case:
    """Slices at indices that are all inside."""
    shape = tuple(draw.integer(1, 6) for _ in range(draw.integer(1, 5)))
    kind = draw.choice(Gather, GatherNd, EmbeddingLookup)
    quantization = draw.quantization()
    input_ = draw.input(shape, quantization)
    output = draw.output(quantization)
    rows = tuple(draw.integer(1, 5) for _ in range(1 if kind is EmbeddingLookup else draw.integer(0, 2)))
    dtype = DType.INT32 if kind is EmbeddingLookup else draw.choice(DType.INT32, DType.INT64)
    depth = draw.integer(1, len(shape))
    axis = 0 if kind is EmbeddingLookup else draw.integer(0, len(shape) - 1)
    highest = np.array(shape[:depth] if kind is GatherNd else shape[axis])
    positions = draw.random.integers(0, highest, (*rows, depth) if kind is GatherNd else rows)
    if draw.random.random() < 0.3:
        indices = draw.builder.constant("i", np.asarray(positions, dtype.numpy))
    else:
        draw.inputs.append(np.asarray(positions, dtype.numpy))
        indices = draw.builder.input("i", np.shape(positions), dtype)
    if kind is EmbeddingLookup:
        return draw.finish(EmbeddingLookup(lookups=indices, values=input_, output=output))
    attributes = {"axis": axis} if kind is Gather else {}
    return draw.finish(kind(input=input_, indices=indices, output=output, **attributes))


KINDS: dict[str, Callable[[_Drawing], Case]] = {
    "convolution": _convolution,
    "depthwise": _depthwise,
    "fully_connected": _fully_connected,
    "arithmetic": _arithmetic,
    "pool": _pool,
    "mean": _mean,
    "unary": _unary,
    "softmax": _softmax,
    "concatenation": _concatenation,
    "split": _split,
    "movement": _movement,
    "transpose": _transpose,
    "resize": _resize,
    "conversion": _conversion,
    "arg_extremum": _arg_extremum,
    "table": _table,
    "extremum": _extremum,
    "blocks": _blocks,
    "rearrangement": _rearrangement,
    "lstm": _lstm,
    "numbers": _numbers,
    "slices": _slices,
}


def random_case(random: np.random.Generator, kind: str) -> Case:
    """One case of a kind."""
    return KINDS[kind](_Drawing(random))
