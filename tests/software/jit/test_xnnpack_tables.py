"""Functions of one 8-bit value with rounding=xnnpack."""

from typing import Any

import numpy as np
import pytest

from npu_hal.api import Array, DType, Elu, GraphBuilder, LeakyRelu, Logistic, Quantize, Tanh
from tests.litert import run_graph
from tests.software.jit.drawing import Case
from tests.software.jit.running import run_jit
from tests.software.jit.xnnpack_cases import BYTES, assert_as_xnnpack, scaled


def table_of(kind: Any, dtype: DType, scales: tuple[float, float], zero_points: tuple[int, int], **fields: Any) -> Case:
    low, high = dtype.integer_range
    builder = GraphBuilder()
    shift = 0 if dtype is DType.INT8 else 128
    x = builder.input("x", (256,), dtype, scaled(scales[0], zero_points[0] + shift))
    y = builder.tensor("y", dtype, scaled(scales[1], zero_points[1] + shift))
    builder.append(kind(input=x, output=y, **fields))
    values: Array = np.arange(low, high + 1).astype(dtype.numpy)
    return Case(builder.build([y]), (values,), f"{kind.__name__} {scales} {zero_points} {fields}")


@pytest.mark.parametrize("dtype", BYTES)
@pytest.mark.parametrize("ratio", [2.0**-8, 0.011, 0.5, 0.7, 1.5, 3.3, 128.0])
def test_changes_of_quantisation(ratio: float, dtype: DType) -> None:
    for zero_points in ((-128, 1), (0, 0), (7, -3)):
        assert_as_xnnpack(table_of(Quantize, dtype, (0.1 * ratio, 0.1), zero_points))


@pytest.mark.parametrize("dtype", BYTES)
@pytest.mark.parametrize("alpha", [0.1, 0.3, -0.5, 2.0])
def test_leaky_activations(alpha: float, dtype: DType) -> None:
    for ratio in (0.07, 0.5, 1.3, 20.0):
        for zero_points in ((-20, 1), (0, 0), (7, -3)):
            assert_as_xnnpack(table_of(LeakyRelu, dtype, (0.1 * ratio, 0.1), zero_points, alpha=alpha))


@pytest.mark.parametrize("dtype", BYTES)
@pytest.mark.parametrize(
    ("kind", "ratio", "fields"),
    [
        (Quantize, 2.0**-9, {}),
        (Quantize, 200.0, {}),
        (LeakyRelu, 2.0**-9, {"alpha": 0.1}),
        (LeakyRelu, 0.5, {"alpha": 0.0}),
        (LeakyRelu, 0.5, {"alpha": 1e-3}),
        (LeakyRelu, 0.5, {"alpha": 300.0}),
        (LeakyRelu, 100.0, {"alpha": -1.28}),
    ],
)
def test_rescaling_that_xnnpack_does_not_take(kind: Any, ratio: float, fields: dict[str, float], dtype: DType) -> None:
    case = table_of(kind, dtype, (0.1 * ratio, 0.1), (7, -3), **fields)
    (result,) = run_jit(case.graph, case.inputs, rounding="xnnpack")
    np.testing.assert_array_equal(result, run_graph(case.graph, case.inputs)[0])


@pytest.mark.parametrize("zero_points", [(0, 0), (-9, 1), (20, -3)])
def test_exponential_linear_units(zero_points: tuple[int, int]) -> None:
    for scales in ((2.0**-4, 2.0**-3), (2.0**-5, 2.0**-3), (0.03, 0.05)):
        assert_as_xnnpack(table_of(Elu, DType.INT8, scales, zero_points))


@pytest.mark.parametrize("dtype", BYTES)
def test_smooth_activations(dtype: DType) -> None:
    for zero_point in range(-100, 101, 10):
        for scale in (0.0625, 0.03, 0.0021):
            assert_as_xnnpack(table_of(Tanh, dtype, (scale, 1 / 128), (zero_point, 0)))
            assert_as_xnnpack(table_of(Logistic, dtype, (scale, 1 / 256), (zero_point, -128)))
