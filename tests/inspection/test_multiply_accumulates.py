"""Multiply-accumulates, counted one by one, and those that papers give."""

import itertools
from pathlib import Path

import numpy as np
import pytest

from npu_hal.api import (
    Add,
    AnyOperation,
    Conv2D,
    DepthwiseConv2D,
    DType,
    FullyConnected,
    Graph,
    GraphBuilder,
    Padding,
    TransposeConv,
)
from npu_hal.multiply_accumulates import multiply_accumulates
from npu_hal.tflite.reader import read_model


def graph_of(kind: str) -> tuple[Graph, AnyOperation]:
    builder = GraphBuilder()
    shape = (2, 15) if kind == "fully connected" else (2, 5, 7, 6)
    x = builder.input("x", shape, DType.FLOAT32)
    y = builder.tensor("y", DType.FLOAT32)

    def weights(*weights_shape: int) -> int:
        return builder.constant("w", np.ones(weights_shape, np.float32))

    operation: AnyOperation
    match kind:
        case "convolution":
            operation = Conv2D(
                input=x, filter=weights(4, 3, 2, 6), output=y, padding=Padding.VALID, stride_height=2, stride_width=1
            )
        case "grouped convolution":
            operation = Conv2D(input=x, filter=weights(4, 3, 3, 3), output=y, padding=Padding.SAME)
        case "depthwise":
            operation = DepthwiseConv2D(
                input=x, filter=weights(1, 3, 2, 12), output=y, padding=Padding.VALID, depth_multiplier=2
            )
        case "transposed":
            operation = TransposeConv(
                input=x,
                filter=weights(4, 2, 2, 6),
                output=y,
                height=10,
                width=14,
                stride_height=2,
                stride_width=2,
                padding=Padding.VALID,
            )
        case "fully connected":
            operation = FullyConnected(input=x, weights=weights(4, 5), output=y)
        case _:
            operation = Add(lhs=x, rhs=x, output=y)
    builder.append(operation)
    return builder.build([y]), operation


def counted(ranges: dict[str, int]) -> int:
    return sum(1 for _ in itertools.product(*(range(count) for count in ranges.values())))


@pytest.mark.parametrize(
    ("kind", "loops"),
    [
        # ((5 - 3) // 2 + 1) x (7 - 2 + 1) positions.
        ("convolution", {"batch": 2, "rows": 2, "columns": 6, "outputs": 4, "taps": 3 * 2, "inputs": 6}),
        ("grouped convolution", {"batch": 2, "rows": 5, "columns": 7, "outputs": 4, "taps": 9, "inputs": 3}),
        ("depthwise", {"batch": 2, "rows": 3, "columns": 6, "outputs": 12, "taps": 3 * 2}),
        ("transposed", {"batch": 2, "rows": 5, "columns": 7, "inputs": 6, "taps": 2 * 2, "outputs": 4}),
        ("fully connected", {"rows": 2 * 15 // 5, "inputs": 5, "outputs": 4}),
        ("addition", {"none": 0}),
    ],
)
def test_loops(kind: str, loops: dict[str, int]) -> None:
    graph, operation = graph_of(kind)
    assert multiply_accumulates(operation, graph.tensors) == counted(loops)


@pytest.mark.parametrize(
    ("model", "millions"),
    [
        # Howard et al. 2017, table 8; Sandler et al. 2018, table 4.
        ("mobilenet_v1_1.0_224_quant", 569),
        ("mobilenet_v2_1.0_224_quant", 300),
    ],
)
def test_published_sizes(model: str, millions: int, shared: Path) -> None:
    graph = read_model(shared / "models/classification" / f"{model}.tflite").graph
    total = sum(multiply_accumulates(operation, graph.tensors) for operation in graph.operations)
    assert total / 1e6 == pytest.approx(millions, rel=0.005)
