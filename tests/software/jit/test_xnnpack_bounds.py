"""Bounds of fused activations with rounding=xnnpack, which rounds them in another way."""

from typing import Any

import numpy as np
import pytest

from npu_hal.api import (
    Activation,
    Add,
    AnyOperation,
    AveragePool2D,
    Conv2D,
    DepthwiseConv2D,
    DType,
    FullyConnected,
    MaxPool2D,
    Mul,
    Padding,
    Sub,
)
from tests.litert import run_graph
from tests.software.jit.drawing import Drawing
from tests.software.jit.running import run_jit
from tests.software.jit.xnnpack_cases import BYTES, assert_as_xnnpack, drawing, scaled

POOL: dict[str, Any] = {"stride_height": 1, "stride_width": 1, "padding": Padding.VALID}


def window_of(draw: Drawing, kind: str, scale: float, zero_point: int, activation: Activation) -> AnyOperation:
    """An operation with a fused activation whose values are far beyond its bounds."""
    centre = 0 if draw.dtype is DType.INT8 else 128
    of_output = scaled(scale, zero_point)
    shape = (1, 8) if kind == "FULLY_CONNECTED" else (1, 4, 4, 8)
    x = draw.input(shape, of_output if kind == "MAX_POOL_2D" else scaled(1.0, centre))
    y = draw.output(of_output)
    if kind == "MAX_POOL_2D":
        return MaxPool2D(input=x, output=y, filter_height=1, filter_width=2, activation=activation, **POOL)
    if kind in ("ADD", "SUB", "MUL"):
        sums: dict[str, type[Add | Sub | Mul]] = {"ADD": Add, "SUB": Sub, "MUL": Mul}
        return sums[kind](lhs=x, rhs=draw.input(shape, scaled(1.0, centre)), output=y, activation=activation)
    shape_of_weights = {"CONV_2D": (8, 1, 1, 8), "DEPTHWISE_CONV_2D": (1, 3, 3, 8), "FULLY_CONNECTED": (8, 8)}[kind]
    weights = draw.builder.constant("w", draw.values(shape_of_weights, draw.dtype), scaled(0.5, centre))
    bias = draw.builder.constant("b", np.zeros(8, np.int32), scaled(0.5, 0))
    if kind == "FULLY_CONNECTED":
        return FullyConnected(input=x, weights=weights, bias=bias, output=y, activation=activation)
    if kind == "CONV_2D":
        return Conv2D(input=x, filter=weights, bias=bias, output=y, padding=Padding.VALID, activation=activation)
    return DepthwiseConv2D(input=x, filter=weights, bias=bias, output=y, padding=Padding.SAME, activation=activation)


@pytest.mark.parametrize("dtype", BYTES)
@pytest.mark.parametrize(
    "kind", ["CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "ADD", "SUB", "MUL", "MAX_POOL_2D"]
)
def test_bounds_of_activations_between_two_steps(kind: str, dtype: DType) -> None:
    for activation, bound in ((Activation.RELU6, 6), (Activation.RELU_N1_TO_1, 1)):
        for steps in (0.5, 1.5, 2.5, 10.5):
            for zero_point in (2, 3):
                draw = drawing(dtype, 1)
                assert_as_xnnpack(draw.finish(window_of(draw, kind, bound / steps, zero_point, activation)))


@pytest.mark.parametrize("dtype", BYTES)
@pytest.mark.parametrize(("kind", "stride"), [(AveragePool2D, 1), (MaxPool2D, 3)])
def test_bounds_of_pools_that_xnnpack_does_not_take(kind: Any, stride: int, dtype: DType) -> None:
    draw = drawing(dtype, 2)
    quantization = scaled(6 / 2.5, 0)
    x, y = draw.input((1, 9, 9, 8), quantization), draw.output(quantization)
    window = {"filter_height": 2, "filter_width": 2, "stride_height": stride, "stride_width": stride}
    case = draw.finish(kind(input=x, output=y, padding=Padding.VALID, activation=Activation.RELU6, **window))
    (result,) = run_jit(case.graph, case.inputs, rounding="xnnpack")
    np.testing.assert_array_equal(result, run_graph(case.graph, case.inputs)[0])
