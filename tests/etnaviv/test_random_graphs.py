"""Random graphs: each operation within 1 of TensorFlow Lite's reference kernels, or refused with a reason."""

import contextlib
from collections.abc import Mapping

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from npu_hal.api import Array, Device, DeviceLost, Graph
from npu_hal_etnaviv.driver import EtnavivDriver
from npu_hal_etnaviv.hardware.npu_core import npu_cores
from tests.etnaviv.random_graphs import RandomGraph, random_graphs
from tests.etnaviv.running import largest_difference, run_on
from tests.litert import run_graph

CORES = [core.name for core in npu_cores() if core.can_reorder]
SETTINGS = settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


def accepted_part(graph: Graph, device: Device) -> Graph | None:
    """The operations that the device accepts, and whose operands do not depend on others."""
    available = set(graph.inputs) | {index for index, tensor in enumerate(graph.tensors) if tensor.is_constant}
    positions = []
    for position, operation in enumerate(graph.operations):
        support = device.supports(operation, graph)
        assert support or support.reason
        if support and available.issuperset(operation.inputs):
            available.update(operation.outputs)
            positions.append(position)
    return graph.extract(positions)[0] if positions else None


def check_operations(graph: Graph, values: Mapping[int, Array]) -> None:
    """Every operation, given what the NPU computed for its inputs, is within 1 of the reference."""
    for position, operation in enumerate(graph.operations):
        single, origin = graph.extract([position])
        expected = run_graph(single, [values[origin[index]] for index in single.inputs])
        for index, array in zip(single.outputs, expected, strict=True):
            difference = largest_difference(values[origin[index]], array)
            assert difference <= 1, f"operation {position} {operation!r} is off by {difference}"


def inputs_of(graph: Graph, case: RandomGraph) -> list[Array]:
    """The arrays for the inputs of a part of the case's graph."""
    names = {tensor.name: array for tensor, array in zip(case.graph.input_tensors, case.inputs, strict=True)}
    return [names[tensor.name] for tensor in graph.input_tensors]


def check_graph(case: RandomGraph, device: Device) -> None:
    """All tensors as outputs give right values, and the outputs asked for are the same."""
    graph = accepted_part(case.graph, device)
    if graph is None:
        return
    inputs = inputs_of(graph, case)
    computed = tuple(index for operation in graph.operations for index in operation.outputs)
    everything = graph.model_copy(update={"outputs": computed})
    values: dict[int, Array] = dict(zip(graph.inputs, inputs, strict=True))
    values.update(zip(computed, run_on(device, everything, inputs), strict=True))
    check_operations(everything, values)
    for index, array in zip(graph.outputs, run_on(device, graph, inputs), strict=True):
        assert np.array_equal(values[index], array), f"tensor {index} depends on which tensors are outputs"


@pytest.mark.parametrize("core", CORES)
@settings(SETTINGS, max_examples=40)
@given(case=random_graphs(most_operations=1))
def test_single_operations(core: str, case: RandomGraph) -> None:
    with EtnavivDriver().open(f"emulator:{core}") as device:
        check_graph(case, device)


@settings(SETTINGS, max_examples=200)
@given(core=st.sampled_from(CORES), case=random_graphs(most_operations=7))
def test_graphs(core: str, case: RandomGraph) -> None:
    with EtnavivDriver().open(f"emulator:{core}") as device:
        check_graph(case, device)


@settings(SETTINGS, max_examples=100)
@given(core=st.sampled_from(CORES), case=random_graphs(most_operations=5))
def test_compatible_mode_compiles_what_it_accepts(core: str, case: RandomGraph) -> None:
    """Its jobs may be wrong, and the NPU may stop at them; nothing else goes wrong."""
    with EtnavivDriver().open(f"emulator:{core}", {"compatible": "mesa"}) as device:
        graph = accepted_part(case.graph, device)
        if graph is not None:
            with contextlib.suppress(DeviceLost):
                run_on(device, graph, inputs_of(graph, case))
