"""Tensors of rank 0, which are single numbers, at both levels."""

from typing import Any

import numpy as np
import pytest

from npu_hal import api
from npu_hal.api import AnyOperation, Array, DType, GraphBuilder, Quantization
from npu_hal_software.driver import SoftwareDriver

LEVELS = ("reference", "jit")
HALVES = Quantization.per_tensor(0.5, 3)


def computed(level: str, operation: Any, value: Array, result: DType, **attributes: Any) -> Array:
    """What an operation makes of a single number; 8-bit numbers are halves from 3 on."""
    builder = GraphBuilder()
    source = DType(value.dtype.name)
    x = builder.input("x", (), source, HALVES if source.is_quantised8 else None)
    y = builder.tensor("y", result, HALVES if result.is_quantised8 else None)
    appended: AnyOperation = operation(input=x, output=y, **attributes)
    builder.append(appended)
    output = np.zeros((), result.numpy)
    with (
        SoftwareDriver().open(options={"level": level, "threads": "1"}) as device,
        device.create_subgraph(builder.build([y])) as subgraph,
    ):
        subgraph.invoke([value])
        subgraph.read_outputs([output])
    return output


@pytest.mark.parametrize("level", LEVELS)
def test_dequantize(level: str) -> None:
    assert computed(level, api.Dequantize, np.array(-2, np.int8), DType.FLOAT32) == np.float32(-2.5)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize(("real", "stored"), [(-2.5, -2), (np.nan, 3), (np.inf, 127)])
def test_quantize(level: str, real: float, stored: int) -> None:
    assert computed(level, api.Quantize, np.array(real, np.float32), DType.INT8) == stored


@pytest.mark.parametrize("level", LEVELS)
def test_mirror_pad_has_no_axis_to_pad(level: str) -> None:
    value = np.array(7, np.int8)
    assert computed(level, api.MirrorPad, value, DType.INT8, paddings=(), symmetric=True) == 7
