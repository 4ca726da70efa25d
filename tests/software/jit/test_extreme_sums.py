"""Accumulators at both ends of int32, where a shift to the left wraps around and rounding is at its limit."""

import numpy as np
import pytest

from npu_hal.api import Conv2D, DType, FullyConnected, Graph, GraphBuilder, Padding, Quantization
from tests.litert import run_graph
from tests.software.jit.running import USABLE_TIERS, run_jit

# Multipliers of 1/2 or more shift to the left. 2 and 8 shift bits out of int32: convolutions wrap around there, and
# fully connected layers are not defined. 2**-32 makes a half of the smallest sum.
SCALES: dict[type, tuple[float, ...]] = {
    Conv2D: (2.0, 8.0, 0.5, 2.0**-32, 3 * 2.0**-31, 1e-9),
    FullyConnected: (0.5, 2.0**-32, 3 * 2.0**-31, 1e-9),
}
ENDS = (-(1 << 31), 1 - (1 << 31), (1 << 31) - 1)


def layer(kind: type, end: int) -> Graph:
    """Sums that are `end` in every channel: weights of 0 with a bias."""
    builder = GraphBuilder()
    x = builder.input("x", (1, 1, 1, 4) if kind is Conv2D else (1, 4), DType.INT8, Quantization.per_tensor(1.0))
    scales = SCALES[kind]
    shape = (len(scales), 1, 1, 4) if kind is Conv2D else (len(scales), 4)
    w = builder.constant("w", np.zeros(shape, np.int8), Quantization.per_axis(scales, 0))
    bias = np.full(len(scales), end, np.int64).astype(np.int32)
    b = builder.constant("b", bias, Quantization.per_axis(scales, 0))
    y = builder.tensor("y", DType.INT8, Quantization.per_tensor(1.0, 5))
    if kind is Conv2D:
        builder.append(Conv2D(input=x, filter=w, bias=b, output=y, padding=Padding.VALID))
    else:
        builder.append(FullyConnected(input=x, weights=w, bias=b, output=y))
    return builder.build([y])


@pytest.mark.parametrize("tier", USABLE_TIERS)
@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("kind", [Conv2D, FullyConnected])
def test_sums_at_the_ends_of_their_range(kind: type, end: int, tier: str) -> None:
    graph = layer(kind, end)
    inputs = [np.full(graph.input_tensors[0].shape, 7, np.int8)]
    (result,), (expected,) = run_jit(graph, inputs, tier=tier), run_graph(graph, inputs)
    np.testing.assert_array_equal(result, expected.reshape(result.shape))
