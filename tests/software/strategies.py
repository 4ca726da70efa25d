"""Random graphs of one operation with random data, for hypothesis."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st

from npu_hal.api import Activation, AnyOperation, Array, DType, Graph, GraphBuilder, Quantization, Shape

QUANTISED = (DType.UINT8, DType.INT8)
# This share of arrays holds the two ends of its type only: there sums are largest and saturation happens.
EXTREME_SHARE = 0.2


@dataclass(frozen=True)
class Case:
    """A graph and arrays for its inputs."""

    graph: Graph
    inputs: tuple[Array, ...]

    def __repr__(self) -> str:
        tensors = ", ".join(
            f"{tensor.name}: {tensor.dtype}{list(tensor.shape)} {tensor.quantization}" for tensor in self.graph.tensors
        )
        return f"Case({self.graph.operations!r}, {tensors})"


def scales(low: float = 1e-3, high: float = 4.0) -> st.SearchStrategy[float]:
    """Float32 numbers, evenly over the orders of magnitude."""
    return st.floats(float(np.log(low)), float(np.log(high))).map(lambda power: float(np.float32(np.exp(power))))


def zero_points(dtype: DType) -> st.SearchStrategy[int]:
    """The ends and the middle of the type, and everything between."""
    low, high = dtype.integer_range
    return st.one_of(st.sampled_from([low, high, (low + high + 1) // 2]), st.integers(low, high))


def quantizations(dtype: DType, low: float = 1e-3, high: float = 4.0) -> st.SearchStrategy[Quantization | None]:
    """One scale and zero point; None for types that are not quantised."""
    if not dtype.is_quantised8:
        return st.none()
    return st.builds(Quantization.per_tensor, scales(low, high), zero_points(dtype))


def shapes(min_rank: int = 1, max_rank: int = 4, max_size: int = 7) -> st.SearchStrategy[Shape]:
    """Shapes without zeros."""
    return st.lists(st.integers(1, max_size), min_size=min_rank, max_size=max_rank).map(tuple)


activations = st.sampled_from(list(Activation))


def random_array(random: np.random.Generator, shape: Sequence[int], dtype: DType) -> Array:
    """Integers over the whole type or at its ends; floats of the standard normal distribution."""
    if dtype is DType.FLOAT32:
        return random.standard_normal(shape).astype(np.float32)
    if dtype is DType.BOOL:
        return random.integers(0, 2, shape).astype(np.bool_)
    low, high = dtype.integer_range
    if random.random() < EXTREME_SHARE:
        return np.where(random.integers(0, 2, shape) == 1, high, low).astype(dtype.numpy)
    return random.integers(low, high, shape, dtype.value, endpoint=True)


class CaseBuilder:
    """Builds a `Case` operand by operand; data comes from a seed that hypothesis draws."""

    def __init__(self, draw: st.DrawFn) -> None:
        self.draw = draw
        self.random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
        self._graph = GraphBuilder("case")
        self._inputs: list[Array] = []

    def input(self, shape: Shape, dtype: DType, quantization: Quantization | None = None) -> int:
        """A graph input with random data."""
        self._inputs.append(random_array(self.random, shape, dtype))
        return self._graph.input(f"input{len(self._inputs)}", shape, dtype, quantization)

    def operand(self, data: Array, quantization: Quantization | None, is_constant: bool) -> int:
        """A constant, or a graph input, with these data."""
        if is_constant:
            return self._graph.constant("constant", data, quantization)
        self._inputs.append(data)
        return self._graph.input(f"input{len(self._inputs)}", data.shape, DType(data.dtype.name), quantization)

    def output(self, dtype: DType, quantization: Quantization | None = None) -> int:
        """A tensor that the operation computes."""
        return self._graph.tensor("output", dtype, quantization)

    def case(self, operation: AnyOperation) -> Case:
        """The case of this one operation."""
        self._graph.append(operation)
        return Case(self._graph.build(list(operation.outputs)), tuple(self._inputs))


def unary_case(
    draw: st.DrawFn,
    kind: Any,
    shape: Shape,
    source: tuple[DType, Quantization | None],
    result: tuple[DType, Quantization | None],
    **attributes: Any,
) -> Case:
    """A case of an operation with the operands `input` and `output`."""
    builder = CaseBuilder(draw)
    operands: Mapping[str, int] = {"input": builder.input(shape, *source), "output": builder.output(*result)}
    return builder.case(kind(**operands, **attributes))
