"""Drawing random graphs of one 8-bit operation, quicker than hypothesis does so that thousands can be tried.

Sizes straddle the kernels' vectors and tiles; scales give multipliers on both sides of 1.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from npu_hal.api import (
    Activation,
    AnyOperation,
    Array,
    DType,
    Graph,
    GraphBuilder,
    Padding,
    Quantization,
)

CHANNELS = (1, 2, 3, 5, 7, 8, 12, 15, 16, 17, 24, 31, 32, 33, 48, 63, 64, 65, 80, 96, 100, 127, 130)


@dataclass(frozen=True)
class Case:
    """A graph and arrays for its inputs."""

    graph: Graph
    inputs: tuple[Array, ...]
    description: str


class Drawing:
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
