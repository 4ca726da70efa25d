"""Means with rounding=xnnpack: XNNPACK computes them in floats and with the zero points."""

import numpy as np
import pytest

from npu_hal.api import DType, Mean, Quantization
from tests.software.jit.drawing import Case
from tests.software.jit.running import USABLE_TIERS
from tests.software.jit.xnnpack_cases import BYTES, assert_as_xnnpack, drawing, scaled


def mean_of(
    dtype: DType, seed: int, shape: tuple[int, ...], axes: tuple[int, ...], scales: tuple[float, float]
) -> Case:
    draw = drawing(dtype, seed)
    x = draw.input(shape, scaled(scales[0], draw.zero_point(dtype)))
    # Means of few distinct values are often halfway between two steps.
    draw.inputs[0][...] = draw.inputs[0] // 8
    y = draw.output(scaled(scales[1], draw.integer(dtype.integer_range[0], dtype.integer_range[1])))
    return draw.finish(Mean(input=x, output=y, axes=axes, keep_dims=True))


@pytest.mark.parametrize("tier", USABLE_TIERS)
@pytest.mark.parametrize("dtype", BYTES)
def test_means_halfway_between_two_steps(dtype: DType, tier: str) -> None:
    for seed, axes in enumerate([(1, 2), (1,), (2, 3), (3,), (0, 2)] * 3):
        scales = (2.0**-6, 2.0 ** (seed % 4 - 6))
        assert_as_xnnpack(mean_of(dtype, seed, (2, 4, 4, 64), axes, scales), tier=tier)


@pytest.mark.parametrize(
    ("count", "of_input", "of_output"),
    [
        (11, scaled(0.12476946413516998, 154), scaled(0.004365331027656794, 231)),
        (2, scaled(0.02598273754119873, 246), scaled(0.003936767578125, 36)),
        (15, scaled(0.012033041566610336, -116), scaled(0.002976285293698311, 88)),
        (6, scaled(0.009458556771278381, -68), scaled(0.0002600299194455147, 13)),
        (27, scaled(0.340568870306015, 3), scaled(0.006943299900740385, 107)),
    ],
)
def test_means_so_near_to_halfway_that_the_order_of_operations_counts(
    count: int, of_input: Quantization, of_output: Quantization
) -> None:
    """Sums of every distance from the zero points within 128."""
    dtype = DType.UINT8 if of_input.zero_point > 127 else DType.INT8
    sums = count * of_input.zero_point + np.arange(-128, 129)
    values = sums // count + (np.arange(count)[:, None] < sums % count)
    draw = drawing(dtype, 4)
    x = draw.input(values.shape, of_input)
    draw.inputs[0] = np.clip(values, *dtype.integer_range).astype(dtype.numpy)
    assert_as_xnnpack(draw.finish(Mean(input=x, output=draw.output(of_output), axes=(0,), keep_dims=False)))
