"""Timed inferences of the software driver, and of drivers that cannot time."""

from collections.abc import Sequence

import numpy as np
import pytest

from npu_hal.api import Array, Graph, InvalidState, Subgraph
from npu_hal.doctor.self_test import self_test_graph
from npu_hal_software.driver import SoftwareDriver


def arrays(graph: Graph) -> tuple[list[Array], list[Array]]:
    """Random inputs, and room for the outputs."""
    rng = np.random.default_rng(5)
    inputs = [rng.integers(0, 256, tensor.shape, np.uint8) for tensor in graph.input_tensors]
    return inputs, [np.zeros(tensor.shape, tensor.dtype.numpy) for tensor in graph.output_tensors]


@pytest.mark.parametrize("level", ["jit", "reference"])
def test_results_are_those_of_an_inference_and_times_those_of_operations(level: str) -> None:
    graph = self_test_graph()
    inputs, outputs = arrays(graph)
    _, expected = arrays(graph)
    with SoftwareDriver().open(options={"level": level}) as device, device.create_subgraph(graph) as subgraph:
        times = subgraph.profile(inputs, outputs)
        subgraph.invoke(inputs)
        subgraph.read_outputs(expected)
    np.testing.assert_array_equal(outputs[0], expected[0])
    assert outputs[0].any()
    assert [time.operation for time in times] == sorted(time.operation for time in times)
    assert {time.operation for time in times} == {0, 1}
    assert all(time.seconds >= 0 and time.name for time in times)
    assert 0 < sum(time.seconds for time in times) < 10


@pytest.mark.parametrize("level", ["jit", "reference"])
def test_a_closed_subgraph_times_nothing(level: str) -> None:
    graph = self_test_graph()
    with SoftwareDriver().open(options={"level": level}) as device:
        subgraph = device.create_subgraph(graph)
        subgraph.close()
        with pytest.raises(InvalidState):
            subgraph.profile(*arrays(graph))


def test_a_driver_that_cannot_time_runs_all_the_same() -> None:
    class Doubling(Subgraph):
        """Has only what a subgraph must have."""

        def invoke(self, inputs: Sequence[Array]) -> None:
            self._inputs = inputs

        def read_outputs(self, outputs: Sequence[Array]) -> None:
            np.multiply(self._inputs[0], 2, out=outputs[0])

        def close(self) -> None:
            pass

    output = np.zeros(3)
    subgraph = Doubling()
    assert subgraph.profile([np.arange(3.0)], [output]) == ()
    assert output.tolist() == [0.0, 2.0, 4.0]
    assert subgraph.report() is None
