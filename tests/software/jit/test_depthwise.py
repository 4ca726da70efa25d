"""3x3 depthwise convolutions of all layouts: blocks of channels, flat rows, and images that are too small for them."""

import numpy as np
import pytest

from npu_hal.api import Activation, Array, DepthwiseConv2D, DType, Graph, GraphBuilder, Padding, Quantization
from npu_hal_software.jit import create_subgraph
from npu_hal_software.jit.lowering.select import lower_operation
from npu_hal_software.jit.program import Program
from npu_hal_software.jit.record import CHUNKS_SLOT, DEPTHWISE, DEPTHWISE_3X3, DEPTHWISE_FLAT
from npu_hal_software.jit.tiers import choose_tier
from tests.software.checks import run_reference
from tests.software.jit.running import USABLE_TIERS, run_jit

CHANNELS = (4, 8, 12, 16, 24, 32, 33, 36, 48, 60, 64, 72, 80, 96, 128, 160, 1024)


def depthwise(
    random: np.random.Generator,
    shape: tuple[int, int, int],
    dtype: DType,
    padding: Padding = Padding.SAME,
    stride: int = 1,
    weight_zero_point: int = 0,
) -> tuple[Graph, list[Array]]:
    """A convolution of an image of (height, width, channels), with the zero point at one end of its output's range."""
    low, high = dtype.integer_range
    channels = shape[2]
    builder = GraphBuilder()
    input_zero_point = int(random.choice([low, high, (low + high + 1) // 2]))
    x = builder.input("x", (1, *shape), dtype, Quantization.per_tensor(0.05, input_zero_point))
    if dtype is DType.INT8:
        quantization = Quantization.per_axis(tuple(random.uniform(1e-3, 0.1, channels).tolist()), 3)
    else:
        quantization = Quantization.per_tensor(0.037, weight_zero_point)
    values = random.integers(low, high + 1, (1, 3, 3, channels)).astype(dtype.numpy)
    w = builder.constant("w", values, quantization)
    bias = random.integers(-20000, 20000, channels).astype(np.int32)
    b = builder.constant("b", bias, Quantization.per_tensor(1.0))
    output_zero_point = int(random.choice([low, low, high]))
    y = builder.tensor("y", dtype, Quantization.per_tensor(float(random.uniform(0.1, 2)), output_zero_point))
    builder.append(
        DepthwiseConv2D(
            input=x,
            filter=w,
            bias=b,
            output=y,
            padding=padding,
            stride_height=stride,
            stride_width=stride,
            activation=Activation(random.choice([Activation.NONE, Activation.RELU])),
        )
    )
    return builder.build([y]), [random.integers(low, high + 1, (1, *shape)).astype(dtype.numpy)]


def check(graph: Graph, inputs: list[Array], tier: str) -> None:
    (expected,) = run_reference(graph, inputs)
    for threads in ("1", "2"):
        (result,) = run_jit(graph, inputs, tier=tier, threads=threads)
        np.testing.assert_array_equal(result, expected)


def record_kind(graph: Graph, tier: str) -> int:
    program = Program(graph, choose_tier(tier), "exact", 1)
    lower_operation(program, graph.operations[0], "")
    return int(program.records[-1][0])


@pytest.mark.parametrize("tier", USABLE_TIERS)
@pytest.mark.parametrize("channels", CHANNELS)
@pytest.mark.parametrize("dtype", [DType.UINT8, DType.INT8])
def test_every_number_of_channels(dtype: DType, channels: int, tier: str) -> None:
    random = np.random.default_rng(channels)
    for height, width in ((1, 1), (2, 3), (3, 8), (5, 11), (6, 40 if channels < 100 else 5)):
        for stride in (1, 2):
            zero_point = int(random.choice([0, 100, 128, 255]))
            case = depthwise(random, (height, width, channels), dtype, Padding.SAME, stride, zero_point)
            check(*case, tier)
        if min(height, width) >= 3:
            check(*depthwise(random, (height, width, channels), dtype, Padding.VALID), tier)


@pytest.mark.parametrize("tier", USABLE_TIERS)
def test_flat_rows_of_all_lengths(tier: str) -> None:
    """From those that are too short for runs of bytes on, over every remainder of the last run."""
    random = np.random.default_rng(1)
    kinds = set()
    for width in range(3, 38):
        for padding in (Padding.SAME, Padding.VALID):
            case = depthwise(random, (3, width, 12), DType.UINT8, padding, weight_zero_point=128)
            kinds.add(record_kind(case[0], tier))
            check(*case, tier)
    assert DEPTHWISE_FLAT.code in kinds


def test_threads_share_flat_rows() -> None:
    """An odd number of rows, whose last pair has one computed in vain; often, for what threads may not share."""
    graph, inputs = depthwise(np.random.default_rng(3), (129, 40, 32), DType.UINT8, weight_zero_point=128)
    program = Program(graph, choose_tier(), "exact", 2)
    lower_operation(program, graph.operations[0], "")
    assert program.records[-1][CHUNKS_SLOT] > 1
    (expected,) = run_reference(graph, inputs)
    assert len(np.unique(expected)) > 50
    result = np.empty_like(expected)
    with create_subgraph(graph, {"threads": "2"}) as subgraph:
        for _ in range(300):
            subgraph.invoke(inputs)
            subgraph.read_outputs([result])
            np.testing.assert_array_equal(result, expected)


def test_layouts_are_chosen_by_channels_and_stride() -> None:
    random = np.random.default_rng(0)
    tier = choose_tier()
    block = 4 * tier.lanes

    def kind(channels: int, stride: int = 1, width: int = 56) -> int:
        graph, _ = depthwise(random, (6, width, channels), DType.UINT8, stride=stride)
        return record_kind(graph, tier.name)

    assert kind(block // 2) == DEPTHWISE_FLAT.code
    assert kind(3 * block // 2) == DEPTHWISE_FLAT.code
    assert kind(block) == DEPTHWISE_3X3.code
    assert kind(2 * block + 4) == DEPTHWISE_3X3.code
    assert kind(3 * block // 2, stride=2) == DEPTHWISE_3X3.code
    assert kind(4, width=3) == DEPTHWISE.code
