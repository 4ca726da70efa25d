"""Random graphs of one operation, by kind."""

from collections.abc import Callable

import numpy as np

from npu_hal.api import (
    Abs,
    Add,
    ArgMax,
    ArgMin,
    Array,
    AveragePool2D,
    Cast,
    Conv2D,
    DepthwiseConv2D,
    Dequantize,
    Div,
    DType,
    Elu,
    Exp,
    FloorDiv,
    FullyConnected,
    HardSwish,
    LeakyRelu,
    Log,
    Logistic,
    Maximum,
    MaxPool2D,
    Mean,
    Minimum,
    Mul,
    Quantization,
    Quantize,
    Relu,
    Relu6,
    ReluN1To1,
    ResizeBilinear,
    ResizeNearestNeighbor,
    Softmax,
    Sqrt,
    Sub,
    Tanh,
    UnidirectionalSequenceLstm,
)
from tests.software.jit.drawing import Case, Drawing
from tests.software.jit.random_movements import MOVEMENTS


def _convolution(draw: Drawing) -> Case:
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


def _depthwise(draw: Drawing) -> Case:
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


def _fully_connected(draw: Drawing) -> Case:
    depth, channels = draw.integer(1, 300), draw.channels()
    input_ = draw.input((draw.choice(1, 1, 3, 14), depth), draw.quantization(0.05, 0.05))
    weights, bias, scale = draw.weights((channels, depth), 0, depth)
    output = draw.sum_output(scale, depth)
    return draw.finish(
        FullyConnected(input=input_, weights=weights, bias=bias, output=output, activation=draw.activation())
    )


def _arithmetic(draw: Drawing) -> Case:
    kind = draw.choice(Add, Sub, Mul)
    shape = (draw.choice(1, 2), draw.integer(1, 6), draw.integer(1, 6), draw.channels(65))
    other = tuple(draw.choice(size, size, 1) for size in shape) if draw.random.random() < 0.4 else shape
    lhs, rhs = draw.input(shape), draw.input(other)
    output = draw.output(draw.quantization(3e-3, 4.0))
    return draw.finish(kind(lhs=lhs, rhs=rhs, output=output, activation=draw.activation()))


def _pool(draw: Drawing) -> Case:
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


def _mean(draw: Drawing) -> Case:
    images = draw.choice(1, 1, 2, 9)
    input_ = draw.input((images, draw.integer(1, 8), draw.integer(1, 8), draw.channels()))
    axes = draw.choice((1, 2), (1, 2), (1,), (2, 3), (3,), (0,), (1, 3), (0, 2), (0, 1, 2, 3))
    return draw.finish(Mean(input=input_, output=draw.output(), axes=axes, keep_dims=bool(draw.integer(0, 1))))


def _unary(draw: Drawing) -> Case:
    kind = draw.choice(Relu, Relu6, Logistic, Tanh, Quantize)
    low = draw.dtype.integer_range[0]
    fixed = {Logistic: (1 / 256, low), Tanh: (1 / 128, (low + draw.dtype.integer_range[1] + 1) // 2)}
    dtype = draw.choice(DType.UINT8, DType.INT8) if kind is Quantize else draw.dtype
    quantization = Quantization.per_tensor(*fixed[kind]) if kind in fixed else None
    if kind is Quantize:
        quantization = Quantization.per_tensor(draw.scale(), draw.zero_point(dtype))
    input_ = draw.input((draw.integer(1, 9), draw.integer(1, 40)))
    return draw.finish(kind(input=input_, output=draw.output(quantization, dtype)))


def _table(draw: Drawing) -> Case:
    of_int8 = (Abs, Elu, Exp, Log) if draw.dtype is DType.INT8 else ()
    kind = draw.choice(ReluN1To1, LeakyRelu, HardSwish, *of_int8)
    attributes = {"alpha": draw.choice(0.1, 0.5, -0.5)} if kind is LeakyRelu else {}
    # No further apart than HARD_SWISH takes.
    input_ = draw.input((draw.integer(1, 9), draw.integer(1, 40)), draw.quantization(0.01, 1.0))
    return draw.finish(kind(input=input_, output=draw.output(draw.quantization(0.05, 1.0)), **attributes))


def _softmax(draw: Drawing) -> Case:
    input_ = draw.input((draw.integer(1, 5), draw.integer(1, 300)))
    quantization = Quantization.per_tensor(1 / 256, draw.dtype.integer_range[0])
    return draw.finish(Softmax(input=input_, output=draw.output(quantization), beta=draw.choice(1.0, 0.5, 2.0)))


def _resize(draw: Drawing) -> Case:
    quantization = draw.quantization()
    image = (draw.integer(1, 9), draw.integer(1, 9))
    input_ = draw.input((draw.choice(1, 2), *image, draw.channels(65)), quantization)
    align, half = draw.choice((False, False), (True, False), (False, True))
    kind = draw.choice(ResizeBilinear, ResizeBilinear, ResizeNearestNeighbor)
    size = {"height": draw.integer(1, 17), "width": draw.integer(1, 17)}
    corners = {"align_corners": align, "half_pixel_centers": half}
    return draw.finish(kind(input=input_, output=draw.output(quantization), **size, **corners))


def _conversion(draw: Drawing) -> Case:
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


def _arg_extremum(draw: Drawing) -> Case:
    depth = draw.choice(draw.channels(), 255, 256, 257, 512, 700)
    shape = [*(draw.integer(1, 5) for _ in range(draw.integer(0, 3))), depth]
    axis = draw.choice(len(shape) - 1, len(shape) - 1, draw.integer(0, len(shape) - 1))
    input_ = draw.input(tuple(shape))
    # Equal bytes, of which the first counts.
    draw.inputs[0][...] = draw.inputs[0] // draw.choice(1, 16, 64)
    output = draw.builder.tensor("y", draw.choice(DType.INT32, DType.INT64))
    return draw.finish(draw.choice(ArgMax, ArgMin)(input=input_, output=output, axis=axis))


def _numbers(draw: Drawing) -> Case:
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


def _extremum(draw: Drawing) -> Case:
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


def _lstm(draw: Drawing) -> Case:
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


KINDS: dict[str, Callable[[Drawing], Case]] = {
    "convolution": _convolution,
    "depthwise": _depthwise,
    "fully_connected": _fully_connected,
    "arithmetic": _arithmetic,
    "pool": _pool,
    "mean": _mean,
    "unary": _unary,
    "softmax": _softmax,
    "resize": _resize,
    "conversion": _conversion,
    "arg_extremum": _arg_extremum,
    "table": _table,
    "extremum": _extremum,
    "lstm": _lstm,
    "numbers": _numbers,
    **MOVEMENTS,
}


def random_case(random: np.random.Generator, kind: str) -> Case:
    """One case of a kind."""
    return KINDS[kind](Drawing(random))
