"""Running graphs at the reference level and comparing results with TensorFlow Lite's."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from npu_hal.api import Array, Graph
from npu_hal_software.driver import SoftwareDriver
from tests.litert import run_graph
from tests.software.strategies import Case


def run_reference(graph: Graph, inputs: Sequence[Array]) -> list[NDArray[Any]]:
    """The graph's outputs as the software driver's reference level computes them."""
    outputs = [np.full(tensor.shape, 77, tensor.dtype.numpy) for tensor in graph.output_tensors]
    with (
        SoftwareDriver().open(options={"level": "reference"}) as device,
        device.create_subgraph(graph) as subgraph,
    ):
        subgraph.invoke(inputs)
        subgraph.read_outputs(outputs)
    return outputs


def assert_same(results: Sequence[Array], expected: Sequence[Array]) -> None:
    """Integers are identical, float32 within 1e-5 of the largest magnitude (of 1, if all are smaller)."""
    assert len(results) == len(expected)
    for result, other in zip(results, expected, strict=True):
        assert result.dtype == other.dtype
        if result.dtype == np.float32:
            largest = float(np.max(np.abs(other), initial=1.0, where=np.isfinite(other)))
            np.testing.assert_allclose(result, other.reshape(result.shape), rtol=1e-5, atol=1e-5 * largest)
        else:
            np.testing.assert_array_equal(result, other.reshape(result.shape))


def assert_matches_tflite(case: Case) -> None:
    """The reference level and TensorFlow Lite's reference kernels agree on `case`."""
    assert_same(run_reference(case.graph, case.inputs), run_graph(case.graph, case.inputs))
