"""Random graphs of one operation each, with random data."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st

from npu_hal.api import (
    Activation,
    AnyOperation,
    Array,
    Conv2D,
    DepthwiseConv2D,
    DType,
    FullyConnected,
    Graph,
    GraphBuilder,
    Padding,
    Quantization,
    Shape,
)

QUANTISED = (DType.UINT8, DType.INT8)
# Data may be drawn from the ends of its type only, where saturation and overflow happen.
EXTREME_SHARE = 0.2


@dataclass(frozen=True)
class Case:
    """A graph and arrays for its inputs."""

    graph: Graph
    inputs: tuple[Array, ...]

    def __repr__(self) -> str:
        tensors = [
            f"{tensor.dtype}{list(tensor.shape)} {tensor.quantization}" for tensor in self.graph.tensors
        ]
        return f"Case({self.graph.operations}, {tensors})"


def integers(low: int, high: int) -> st.SearchStrategy[int]:
    return st.integers(low, high)


def scales(low: float = 1e-3, high: float = 4.0) -> st.SearchStrategy[float]:
    """Float32 numbers, evenly over the orders of magnitude."""
    return st.floats(float(np.log(low)), float(np.log(high))).map(lambda power: float(np.float32(np.exp(power))))


def zero_points(dtype: DType) -> st.SearchStrategy[int]:
    low, high = dtype.integer_range
    return st.one_of(st.sampled_from([low, high, (low + high + 1) // 2]), st.integers(low, high))


def quantizations(dtype: DType) -> st.SearchStrategy[Quantization | None]:
    if dtype is DType.FLOAT32:
        return st.none()
    return st.builds(Quantization.per_tensor, scales(), zero_points(dtype))


def shapes(min_rank: int, max_rank: int, max_size: int = 7) -> st.SearchStrategy[Shape]:
    return st.lists(st.integers(1, max_size), min_size=min_rank, max_size=max_rank).map(tuple)


activations = st.sampled_from(list(Activation))
seeds = st.integers(0, 2**32 - 1)


def random_array(random: np.random.Generator, shape: Sequence[int], dtype: DType, spread: float = 3.0) -> Array:
    """Integers over the whole type (or its ends only), floats normally distributed."""
    if dtype is DType.FLOAT32:
        return (random.standard_normal(shape) * spread).astype(np.float32)
    if dtype is DType.BOOL:
        return random.integers(0, 2, shape).astype(np.bool_)
    low, high = dtype.integer_range
    if random.random() < EXTREME_SHARE:
        return np.where(random.integers(0, 2, shape) == 1, high, low).astype(dtype.numpy)
    return random.integers(low, high, shape, dtype.numpy.type, endpoint=True)


class CaseBuilder:
    """Builds a `Case` operand by operand."""

    def __init__(self, draw: st.DrawFn) -> None:
        self.draw = draw
        self.random = np.random.default_rng(draw(seeds))
        self.graph = GraphBuilder("case")
        self._inputs: list[Array] = []

    def input(self, shape: Sequence[int], dtype: DType, quantization: Quantization | None = None) -> int:
        self._inputs.append(random_array(self.random, shape, dtype))
        return self.graph.input(f"input{len(self._inputs)}", tuple(shape), dtype, quantization)

    def operand(self, shape: Sequence[int], dtype: DType, quantization: Quantization | None, constant: bool) -> int:
        """A constant, or another input."""
        if not constant:
            return self.input(shape, dtype, quantization)
        return self.graph.constant("constant", random_array(self.random, shape, dtype), quantization)

    def output(self, dtype: DType, quantization: Quantization | None = None) -> int:
        return self.graph.tensor("output", dtype, quantization)

    def case(self, operation: AnyOperation) -> Case:
        self.graph.append(operation)
        return Case(self.graph.build(list(operation.outputs)), tuple(self._inputs))


@st.composite
def convolutions(draw: st.DrawFn, dtype: DType, kind: Any, constant: bool = True) -> Case:
    """CONV_2D (grouped at times) or DEPTHWISE_CONV_2D."""
    builder = CaseBuilder(draw)
    dilations = draw(st.sampled_from([(1, 1), (1, 1), (2, 2), (1, 3)]))
    filter_hw = draw(st.tuples(integers(1, 4), integers(1, 4)))
    extents = [(taps - 1) * dilation + 1 for taps, dilation in zip(filter_hw, dilations, strict=True)]
    image_hw = [draw(integers(extent, extent + 8)) for extent in extents]
    multiplier, groups = 1, 1
    if kind is DepthwiseConv2D:
        multiplier = draw(integers(1, 4))
        channels = draw(integers(1, 9))
        filter_shape: Shape = (1, *filter_hw, channels * multiplier)
    else:
        groups = draw(st.sampled_from([1, 1, 1, 2, 3]))
        depth = draw(integers(1, 40))
        channels = groups * depth
        filter_shape = (groups * draw(integers(1, 6)), *filter_hw, depth)
    outputs = filter_shape[3] if kind is DepthwiseConv2D else filter_shape[0]
    x_quantization = draw(quantizations(dtype))
    x = builder.input((draw(integers(1, 2)), *image_hw, channels), dtype, x_quantization)
    filter_axis = 3 if kind is DepthwiseConv2D else 0
    taps = builder.operand(filter_shape, dtype, _weights_quantization(draw, dtype, outputs, filter_axis, constant), constant)
    operands: dict[str, Any] = {"input": x, "filter": taps, "output": _summed_output(builder, dtype, filter_shape, multiplier)}
    if draw(st.booleans()):
        operands["bias"] = _bias(builder, dtype, outputs, constant)
    if kind is DepthwiseConv2D:
        operands["depth_multiplier"] = multiplier
    return builder.case(
        kind(
            **operands,
            stride_height=draw(integers(1, 3)),
            stride_width=draw(integers(1, 3)),
            dilation_height=dilations[0],
            dilation_width=dilations[1],
            padding=draw(st.sampled_from(list(Padding))),
            activation=draw(activations),
        )
    )


@st.composite
def fully_connected(draw: st.DrawFn, dtype: DType, constant: bool = True) -> Case:
    builder = CaseBuilder(draw)
    depth, outputs = draw(integers(1, 600)), draw(integers(1, 12))
    batch = draw(st.sampled_from([(1,), (3,), (2, 2)]))
    x = builder.input((*batch, depth), dtype, draw(quantizations(dtype)))
    weights_quantization = _weights_quantization(draw, dtype, outputs, 0, constant)
    weights = builder.operand((outputs, depth), dtype, weights_quantization, constant)
    operands = {"input": x, "weights": weights, "output": _summed_output(builder, dtype, (outputs, depth), 1)}
    if draw(st.booleans()):
        operands["bias"] = _bias(builder, dtype, outputs, constant)
    return builder.case(
        FullyConnected(**operands, keep_num_dims=draw(st.booleans()), activation=draw(activations))
    )


def _weights_quantization(
    draw: st.DrawFn, dtype: DType, outputs: int, axis: int, constant: bool
) -> Quantization | None:
    if dtype is DType.FLOAT32:
        return None
    if dtype is DType.UINT8:
        return draw(quantizations(dtype))
    # TensorFlow Lite has no zero points for int8 weights, and scales per axis for constants only.
    if not constant or draw(st.booleans()):
        return Quantization.per_tensor(draw(scales()), 0)
    return Quantization.per_axis(tuple(draw(scales()) for _ in range(outputs)), axis)


def _summed_output(builder: CaseBuilder, dtype: DType, filter_shape: Shape, multiplier: int) -> int:
    """An output whose scale is in proportion to the sums that it is to hold, more or less."""
    if dtype is DType.FLOAT32:
        return builder.output(dtype)
    scale = builder.draw(scales(1e-4, 1e3))
    return builder.output(dtype, Quantization.per_tensor(scale, builder.draw(zero_points(dtype))))


def _bias(builder: CaseBuilder, dtype: DType, outputs: int, constant: bool) -> int:
    if dtype is DType.FLOAT32:
        return builder.operand((outputs,), dtype, None, constant)
    values = builder.random.integers(-20000, 20000, outputs, np.int32)
    x, taps = (tensor.quantization for tensor in builder.graph._tensors[:2])
    return builder.graph.constant("bias", values) 
