"""Lines instead of integer requantisation: at both sides of every threshold, and where there must be none."""

import numpy as np
import pytest
from numpy.typing import NDArray

from npu_hal.api import Activation, Array, Conv2D, DType, FullyConnected, Graph, GraphBuilder, Padding, Quantization
from npu_hal_software.jit.lowering.select import lower_operation
from npu_hal_software.jit.packing.requantisation import quantise_multiplier
from npu_hal_software.jit.packing.rounding_line import RoundingLine, fit_line
from npu_hal_software.jit.program import Program
from npu_hal_software.jit.record import FOLLOWS_LINE, GEMM
from npu_hal_software.jit.tiers import TIERS, RoundsDown, runs_here
from tests.software.checks import run_reference
from tests.software.jit.running import run_jit

LINE_TIERS = [tier for tier in TIERS if isinstance(tier, RoundsDown) and runs_here(tier)]
CHANNELS = 20
# Neither is a short float, so that multipliers have all of their bits.
INPUT_SCALE, OUTPUT_SCALE = 0.0237, 0.0511


def weight_scales(shift: int) -> NDArray[np.float32]:
    """Scales of multipliers with so many bits of right shift: near both ends of their range, and in between."""
    random = np.random.default_rng(shift)
    mantissas = np.concatenate([[0.5 + 2.0**-20, 1 - 2.0**-20], random.uniform(0.501, 0.999, CHANNELS - 2)])
    return (mantissas * 2.0**-shift * OUTPUT_SCALE / INPUT_SCALE).astype(np.float32)


def thresholds(real: float) -> NDArray[np.int64]:
    """The least accumulators of which outputs are 1, 2, ... 255, by the reference's two roundings."""
    (fixed,), (exponent,) = (part.tolist() for part in quantise_multiplier(np.array([real])))
    shift = -exponent
    term = (1 << 30) + (1 << (30 + shift))
    return np.array([-(-((output << (31 + shift)) - term) // fixed) for output in range(1, 256)])


def matrix_product(accumulators: NDArray[np.int64], scales: NDArray[np.float32]) -> tuple[Graph, list[Array]]:
    """A 1x1 convolution whose accumulators, in every channel, are those asked for: one a position."""
    lowest, largest = DType.INT8.integer_range
    whole, rest = np.divmod(accumulators, largest)
    depth = int(whole.max()) // 255 + 2
    steps = np.clip(whole[:, None] - 255 * np.arange(depth - 1), 0, 255)
    values = np.concatenate([steps, rest[:, None]], axis=1)
    assert (values[:, :-1].sum(axis=1) * largest + values[:, -1] == accumulators).all()
    weights = np.full((CHANNELS, 1, 1, depth), largest, np.int8)
    weights[..., -1] = 1
    builder = GraphBuilder()
    per_channel = Quantization.per_axis(tuple(scales.tolist()), 0)
    x = builder.input("x", (1, len(values), 1, depth), DType.INT8, Quantization.per_tensor(INPUT_SCALE, lowest))
    w = builder.constant("w", weights, per_channel)
    y = builder.tensor("y", DType.INT8, Quantization.per_tensor(OUTPUT_SCALE, lowest))
    builder.append(Conv2D(input=x, filter=w, output=y, padding=Padding.VALID))
    stored = (values + lowest).astype(np.int8).reshape(1, -1, 1, depth)
    return builder.build([y]), [stored]


def follows_lines(graph: Graph) -> bool:
    program = Program(graph, LINE_TIERS[0], "exact", 1)
    lower_operation(program, graph.operations[0], "")
    (record,) = (record for record in program.records if record[0] == GEMM.code)
    return bool(record[GEMM.slot("flags")] & FOLLOWS_LINE)


@pytest.mark.skipif(not LINE_TIERS, reason="no tier of this CPU rounds down")
@pytest.mark.parametrize("shift", [1, 2, 5, 8, 11, 15])
def test_outputs_step_where_the_reference_steps(shift: int) -> None:
    scales = weight_scales(shift)
    input_scale, output_scale = (float(np.float32(scale)) for scale in (INPUT_SCALE, OUTPUT_SCALE))
    real = [input_scale * scale / output_scale for scale in scales.tolist()]
    edges = np.unique(np.concatenate([thresholds(factor) for factor in real]))
    accumulators = np.unique(np.concatenate([edges - 1, edges]))
    graph, inputs = matrix_product(accumulators, scales)
    assert follows_lines(graph)
    (expected,) = run_reference(graph, inputs)
    assert len(np.unique(expected)) == 256
    for tier in LINE_TIERS:
        (result,) = run_jit(graph, inputs, tier=tier.name)
        np.testing.assert_array_equal(result, expected)


def dense(real: float, zero_point: int = -128, activation: Activation = Activation.NONE, bias: int = 0) -> Graph:
    builder = GraphBuilder()
    x = builder.input("x", (3, 4), DType.INT8, Quantization.per_tensor(1.0, -128))
    w = builder.constant("w", np.full((8, 4), 100, np.int8), Quantization.per_tensor(real, 0))
    b = builder.constant("b", np.full(8, bias, np.int32), Quantization.per_tensor(1.0))
    y = builder.tensor("y", DType.INT8, Quantization.per_tensor(1.0, zero_point))
    builder.append(FullyConnected(input=x, weights=w, bias=b, output=y, activation=activation))
    return builder.build([y])


@pytest.mark.skipif(not LINE_TIERS, reason="no tier of this CPU rounds down")
def test_lines_are_for_outputs_of_the_whole_range_from_zero() -> None:
    assert follows_lines(dense(0.01))
    assert follows_lines(dense(0.01, activation=Activation.RELU))
    assert not follows_lines(dense(0.01, zero_point=-127))
    assert not follows_lines(dense(0.01, zero_point=0, activation=Activation.RELU))
    assert not follows_lines(dense(0.01, activation=Activation.RELU6))
    assert not follows_lines(dense(0.6))


@pytest.mark.skipif(not LINE_TIERS, reason="no tier of this CPU rounds down")
def test_accumulators_that_wrap_around_follow_no_line() -> None:
    graph = dense(1e-4, bias=(1 << 31) - 1)
    assert not follows_lines(graph)
    inputs = [np.full((3, 4), 127, np.int8)]
    np.testing.assert_array_equal(run_jit(graph, inputs), run_reference(graph, inputs))


def fit(multiplier: int, shift: int, largest: int, channels: int = 1) -> RoundingLine | None:
    term = (1 << 30) + (1 << (30 + shift))
    return fit_line(*(np.full(channels, value, np.int64) for value in (multiplier, shift, term, largest)))


def test_channels_that_are_always_zero_have_a_line_of_any_multiplier() -> None:
    for multiplier, shift in ((0, 1), (1 << 30, 31)):
        line = fit(multiplier, shift, 1 << 20)
        assert line is not None
        assert (line.slope[0], line.intercept[0], line.offset[0]) == (0, 0.5, 0)


def test_accumulators_beyond_a_float_have_no_line_of_a_small_slope() -> None:
    assert fit((1 << 31) - 1, 15, 1 << 26) is not None
    assert fit((1 << 31) - 1, 17, 1 << 23) is not None
    assert fit((1 << 31) - 1, 17, 1 << 26) is None


def test_channels_of_one_multiplier_share_its_line() -> None:
    assert fit(1_234_567_891, 7, 1000, channels=5) == fit(1_234_567_891, 7, 1000)
