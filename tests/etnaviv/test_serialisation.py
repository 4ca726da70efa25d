"""Compiled graphs kept as bytes: restored they compute the same, and nothing else is taken for one."""

from unittest import mock

import numpy as np
import pytest

from npu_hal.api import Conv2D, Device, DType, Graph, GraphBuilder, InvalidInput, InvalidState, Padding, Quantization
from npu_hal.selection import open_device

CHIPS = ("emulator:a311d", "emulator:imx8mp")


def convolution(seed: int, outputs: int = 8, count: int = 2) -> Graph:
    """Convolutions of 3 by 3, one after the other."""
    generator = np.random.default_rng(seed)
    builder = GraphBuilder("convolutions")
    quantization = Quantization.per_tensor(0.05, 128)
    x = builder.input("x", (1, 12, 12, 8), DType.UINT8, quantization)
    for _ in range(count):
        weights = generator.integers(0, 256, (outputs, 3, 3, 8), np.uint8)
        kernel = builder.constant("w", weights, Quantization.per_tensor(0.01, 120))
        biases = generator.integers(-500, 500, (outputs,), np.int32)
        bias = builder.constant("b", biases, Quantization.per_tensor(0.05 * 0.01, 0))
        y = builder.tensor("y", DType.UINT8, quantization)
        builder.append(Conv2D(input=x, filter=kernel, bias=bias, output=y, padding=Padding.SAME))
        x = y
    return builder.build([x])


def results(device: Device, graph: Graph, data: bytes | None) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    x = np.random.default_rng(9).integers(0, 256, graph.input_tensors[0].shape, np.uint8)
    y = np.zeros(graph.output_tensors[0].shape, np.uint8)
    with device.create_subgraph(graph) if data is None else device.restore_subgraph(graph, data) as subgraph:
        subgraph.invoke([x])
        subgraph.read_outputs([y])
    return y


def serialised(device: Device, graph: Graph) -> bytes:
    with device.create_subgraph(graph) as subgraph:
        data = subgraph.serialise()
    assert data is not None
    return data


@pytest.fixture(params=CHIPS)
def device(request: pytest.FixtureRequest) -> Device:
    return open_device("etnaviv", request.param)


def test_a_restored_graph_computes_the_same_without_encoding(device: Device) -> None:
    graph = convolution(1)
    expected, data = results(device, graph, None), serialised(device, graph)
    with mock.patch("npu_hal_etnaviv.compiler.encode_coefficients") as encode:
        np.testing.assert_array_equal(results(device, graph, data), expected)
    encode.assert_not_called()
    assert len(np.unique(expected)) > 50


def test_other_graphs_are_not_taken_for_it(device: Device) -> None:
    data = serialised(device, convolution(1))
    for other in (convolution(2), convolution(1, count=1), convolution(1, count=3)):
        with pytest.raises(InvalidInput, match="the data was serialised from"):
            device.restore_subgraph(other, data)


def test_other_npus_are_not_taken_for_it() -> None:
    graph = convolution(1)
    data = serialised(open_device("etnaviv", CHIPS[0]), graph)
    with pytest.raises(InvalidInput, match="for another NPU"):
        open_device("etnaviv", CHIPS[1]).restore_subgraph(graph, data)


def test_damaged_data_is_refused(device: Device) -> None:
    graph = convolution(1)
    data = serialised(device, graph)
    for damaged in (b"", b"nonsense", data[:100], data[: len(data) // 2], data[: len(data) - 10]):
        with pytest.raises(InvalidInput, match="no serialised graph"):
            device.restore_subgraph(graph, damaged)


def test_a_closed_subgraph_is_not_serialised(device: Device) -> None:
    subgraph = device.create_subgraph(convolution(1))
    subgraph.close()
    with pytest.raises(InvalidState):
        subgraph.serialise()
