"""Sums and products with rounding=xnnpack and scales beyond what XNNPACK takes: it leaves them to TensorFlow Lite."""

from typing import Any

import numpy as np
import pytest

from npu_hal.api import Add, DType, Graph, GraphBuilder, Mul, Quantization, Sub
from tests.litert import run_graph
from tests.software.jit.running import run_jit

ZERO_POINT = 3
LHS = np.arange(-128, 128).astype(np.int8)
RHS = np.roll(LHS, 77)


def sum_of(kind: Any, scales: tuple[float, float, float]) -> Graph:
    builder = GraphBuilder()
    quantizations = [Quantization.per_tensor(float(np.float32(scale)), ZERO_POINT) for scale in scales]
    lhs, rhs = (builder.input(name, LHS.shape, DType.INT8, of) for name, of in zip("ab", quantizations, strict=False))
    y = builder.tensor("y", DType.INT8, quantizations[2])
    builder.append(kind(lhs=lhs, rhs=rhs, output=y))
    return builder.build([y])


@pytest.mark.parametrize("kind", [Add, Sub])
@pytest.mark.parametrize("scales", [(1e-5, 1e-5, 1.0), (1e-12, 1e-3, 1e-2), (300.0, 1.0, 1.0), (1.0, 1e5, 1.0)])
def test_scales_that_are_far_apart(kind: Any, scales: tuple[float, float, float]) -> None:
    graph = sum_of(kind, scales)
    (result,), (expected,) = run_jit(graph, [LHS, RHS], rounding="xnnpack"), run_graph(graph, [LHS, RHS])
    np.testing.assert_array_equal(result, expected)


@pytest.mark.parametrize("kind", [Add, Sub])
@pytest.mark.parametrize("scale", [1e7, 1e12])
def test_scales_that_tensorflow_lite_refuses_are_computed_as_without_xnnpack(kind: Any, scale: float) -> None:
    graph = sum_of(kind, (scale, 1.0, 1.0))
    (result,), (expected,) = (run_jit(graph, [LHS, RHS], rounding=rounding) for rounding in ("xnnpack", "exact"))
    np.testing.assert_array_equal(result, expected)


@pytest.mark.parametrize("scales", [(1.0, 1.0, 1e-7), (1.0, 1.0, 1e6)])
def test_products_of_scales_that_are_far_from_the_outputs(scales: tuple[float, float, float]) -> None:
    graph = sum_of(Mul, scales)
    (result,), (expected,) = run_jit(graph, [LHS, RHS], rounding="xnnpack"), run_graph(graph, [LHS, RHS])
    np.testing.assert_array_equal(result, expected)
