"""Resizing and quantising with rounding=xnnpack."""

import numpy as np
import pytest

from npu_hal.api import Array, DType, GraphBuilder, Quantize, ResizeBilinear
from tests.software.jit.drawing import Case
from tests.software.jit.running import USABLE_TIERS
from tests.software.jit.xnnpack_cases import BYTES, assert_as_xnnpack, drawing, scaled


@pytest.mark.parametrize("tier", USABLE_TIERS)
@pytest.mark.parametrize("dtype", BYTES)
@pytest.mark.parametrize(("align", "half"), [(False, False), (True, False), (False, True)])
def test_bilinear_resizing(align: bool, half: bool, dtype: DType, tier: str) -> None:
    for seed in range(12):
        draw = drawing(dtype, seed)
        quantization = draw.quantization()
        x = draw.input((draw.choice(1, 2), draw.integer(1, 20), draw.integer(1, 20), draw.channels(65)), quantization)
        size = {"height": draw.integer(1, 40), "width": draw.integer(1, 40)}
        y = draw.output(quantization)
        case = draw.finish(ResizeBilinear(input=x, output=y, align_corners=align, half_pixel_centers=half, **size))
        assert_as_xnnpack(case, tier=tier, threads=str(seed % 2 + 1))


@pytest.mark.parametrize("tier", USABLE_TIERS)
@pytest.mark.parametrize("dtype", BYTES)
@pytest.mark.parametrize("scale", [1.0, 0.25, 0.1, 3.7])
def test_quantising_floats_halfway_between_two_steps(scale: float, dtype: DType, tier: str) -> None:
    values = (np.arange(-600, 601) * np.float32(scale) / 2).astype(np.float32)
    values = np.concatenate([values, np.nextafter(values, np.float32(np.inf)), np.nextafter(values, np.float32(0))])
    specials: Array = np.array([np.nan, np.inf, -np.inf, 1e38, -1e38, 3e9, -3e9], np.float32)
    for zero_point in (0, 5, 100):
        builder = GraphBuilder()
        x = builder.input("x", (values.size + specials.size,), DType.FLOAT32)
        y = builder.tensor("y", dtype, scaled(scale, zero_point))
        builder.append(Quantize(input=x, output=y))
        case = Case(builder.build([y]), (np.concatenate([values, specials]),), f"{scale} {zero_point}")
        assert_as_xnnpack(case, tier=tier)
