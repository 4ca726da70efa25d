"""A whole graph with rounding=xnnpack."""

import numpy as np
import pytest

from npu_hal.api import Activation, Add, Conv2D, DType, Graph, LeakyRelu, Mean, Padding, Quantization, ResizeBilinear
from tests.software.jit.drawing import Case
from tests.software.jit.running import USABLE_TIERS
from tests.software.jit.xnnpack_cases import assert_as_xnnpack, drawing, scaled


def chain() -> Graph:
    """Of what is rounded in different ways, one after the other."""
    draw = drawing(DType.INT8, 9)
    x = draw.input((2, 5, 7, 19), scaled(0.05, 3))
    builder = draw.builder

    def tensor(scale: float, zero_point: int) -> int:
        return builder.tensor("t", DType.INT8, scaled(scale, zero_point))

    weights = builder.constant("w", draw.values((24, 3, 3, 19), DType.INT8), Quantization.per_axis((0.01,) * 24, 0))
    of_bias = Quantization.per_axis((float(np.float32(0.05) * np.float32(0.01)),) * 24, 0)
    bias = builder.constant("b", np.arange(24, dtype=np.int32), of_bias)
    convolved, leaky, resized, summed, mean = (
        tensor(0.4, -7), tensor(0.3, 4), tensor(0.3, 4), tensor(0.6, 9), tensor(0.1, 1),
    )  # fmt: skip
    builder.append(
        Conv2D(
            input=x, filter=weights, bias=bias, output=convolved, padding=Padding.SAME,
        )
    )  # fmt: skip
    builder.append(LeakyRelu(input=convolved, output=leaky, alpha=0.2))
    builder.append(ResizeBilinear(input=leaky, output=resized, height=9, width=8, half_pixel_centers=True))
    builder.append(Add(lhs=resized, rhs=resized, output=summed, activation=Activation.RELU6))
    builder.append(Mean(input=summed, output=mean, axes=(1, 2), keep_dims=True))
    return builder.build([leaky, resized, summed, mean])


@pytest.mark.parametrize("threads", ["1", "2"])
@pytest.mark.parametrize("tier", USABLE_TIERS)
def test_a_chain(tier: str, threads: str) -> None:
    graph = chain()
    inputs = [np.random.default_rng(3).integers(-128, 128, graph.input_tensors[0].shape).astype(np.int8)]
    assert_as_xnnpack(Case(graph, tuple(inputs), "chain"), tier=tier, threads=threads)
