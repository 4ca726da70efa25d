"""A graph runs over a device and a fallback with the result that it has in one piece."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

import numpy as np
import pytest

from npu_hal.api import (
    API_VERSION,
    AnyOperation,
    ApiVersion,
    Closeable,
    Device,
    DeviceInfo,
    DeviceKind,
    Driver,
    Graph,
    InvalidInput,
    InvalidState,
    OutOfDeviceMemory,
    Subgraph,
    Support,
    UnsupportedOperation,
)
from npu_hal.executor import GraphExecutor, PlacedDevice
from npu_hal.registry import Registry, default_registry
from npu_hal.tflite.reader import read_model

from .. import digits_models
from .pass_through import PassThroughSubgraph
from .plugins import entry_point, plugin


class SomeKinds(Device):
    """Runs the kinds it is told, by the software driver; counts what is open."""

    def __init__(self, kinds: frozenset[str], kind: DeviceKind = DeviceKind.NPU) -> None:
        self._cpu = default_registry().get("software").open()
        self._kinds = kinds
        self._info = DeviceInfo("npu0", kind, "runs some kinds")
        self.open_things: list[Closeable] = [self]
        self.fails_at: int | None = None

    @property
    def info(self) -> DeviceInfo:
        return self._info

    def supports(self, operation: AnyOperation, graph: Graph) -> Support:
        return Support.yes() if operation.kind in self._kinds else Support.no(f"{operation.kind} is too hard")

    def create_subgraph(self, graph: Graph) -> Subgraph:
        if len(self.open_things) == self.fails_at:
            raise OutOfDeviceMemory("the chip is full")
        made = _Counted(self._cpu.create_subgraph(graph), self.open_things)
        self.open_things.append(made)
        return made

    def close(self) -> None:
        self.open_things.remove(self)


class _Counted(PassThroughSubgraph):
    def __init__(self, behind: Subgraph, open_things: list[Closeable]) -> None:
        super().__init__(behind)
        self._open_things = open_things

    def close(self) -> None:
        super().close()
        self._open_things.remove(self)


def software() -> PlacedDevice:
    return PlacedDevice("software", default_registry().get("software").open())


def digits_graph() -> Graph:
    return read_model(digits_models.model("uint8")).graph


@pytest.mark.parametrize(
    "kinds",
    [
        {"CONV_2D", "DEPTHWISE_CONV_2D", "ADD"},
        {"CONV_2D"},
        {"ADD", "SOFTMAX"},
        {"DEPTHWISE_CONV_2D", "FULLY_CONNECTED"},
        set(),
    ],
    ids=lambda kinds: "+".join(sorted(kinds)) or "none",
)
def test_a_divided_graph_gives_the_reference_kernels_output(kinds: set[str]) -> None:
    graph = digits_graph()
    device = SomeKinds(frozenset(kinds))
    with GraphExecutor(graph, PlacedDevice("mychip", device), software) as executor:
        for digit in (3, 8, 3):
            values = digits_models.sample_input(digit, "uint8")
            (output,) = executor.run([values])
            np.testing.assert_array_equal(output, digits_models.reference_output(digits_models.model("uint8"), values))
        placed = {position: step.placement.driver for step in executor.steps for position in step.positions}
        assert placed == {
            position: "mychip" if operation.kind in kinds else "software"
            for position, operation in enumerate(graph.operations)
        }
        assert all(step.run_seconds > 0 for step in executor.steps)
    assert device.open_things == []


def test_outputs_can_be_the_callers_arrays() -> None:
    values = digits_models.sample_input(5, "uint8")
    mine = np.zeros((1, 10), np.uint8)
    with GraphExecutor(digits_graph(), software()) as executor:
        (output,) = executor.run([values], [mine])
    assert output is mine
    assert mine.argmax() == 5


def test_the_fallback_is_not_opened_for_nothing() -> None:
    def never() -> PlacedDevice:
        raise AssertionError("the device takes everything")

    with GraphExecutor(digits_graph(), software(), never) as executor:
        assert len(executor.steps) == 1
        assert executor.partitioning.is_whole


def test_operations_that_nobody_runs_are_named() -> None:
    device = SomeKinds(frozenset({"CONV_2D"}))
    spare = SomeKinds(frozenset({"DEPTHWISE_CONV_2D", "ADD", "AVERAGE_POOL_2D", "FULLY_CONNECTED", "SOFTMAX"}))
    with pytest.raises(
        UnsupportedOperation,
        match=r"neither mychip npu0 nor other npu0 runs operation 8 \(RESHAPE\): RESHAPE is too hard; "
        "other npu0: RESHAPE is too hard",
    ):
        GraphExecutor(digits_graph(), PlacedDevice("mychip", device), lambda: PlacedDevice("other", spare))
    assert device.open_things == []
    assert spare.open_things == []


@pytest.mark.parametrize("has_fallback", [False, True])
def test_a_cpu_has_no_fallback(has_fallback: bool) -> None:
    device = SomeKinds(frozenset({"CONV_2D"}), DeviceKind.CPU)
    with pytest.raises(UnsupportedOperation, match=r"mychip npu0 does not run operation 1 .*, nor 6 others"):
        GraphExecutor(digits_graph(), PlacedDevice("mychip", device), software if has_fallback else None)
    assert device.open_things == []


def test_a_failed_compilation_leaves_nothing_open() -> None:
    device = SomeKinds(frozenset({"CONV_2D"}))
    device.fails_at = 3
    with pytest.raises(OutOfDeviceMemory):
        GraphExecutor(digits_graph(), PlacedDevice("mychip", device), software)
    assert device.open_things == []


def test_buffers_are_checked() -> None:
    with GraphExecutor(digits_graph(), software()) as executor:
        with pytest.raises(InvalidInput, match="input 0 'image' is uint8"):
            executor.run([np.zeros((1, 8, 8, 1), np.int8)])
        frozen = np.zeros((1, 10), np.uint8)
        frozen.flags.writeable = False
        with pytest.raises(InvalidInput, match="read-only"):
            executor.run([np.zeros((1, 8, 8, 1), np.uint8)], [frozen])


def test_a_closed_executor_says_so() -> None:
    executor = GraphExecutor(digits_graph(), software())
    executor.close()
    executor.close()
    with pytest.raises(InvalidState, match="closed"):
        executor.run([np.zeros((1, 8, 8, 1), np.uint8)])


class SomeKindsDriver(Driver):
    name: ClassVar[str] = "mychip"
    api_version: ClassVar[ApiVersion] = API_VERSION

    def probe(self) -> Sequence[DeviceInfo]:
        return [DeviceInfo("npu0", DeviceKind.NPU, "runs some kinds")]

    def open(self, device: str | None = None, options: Mapping[str, str] | None = None) -> Device:
        return SomeKinds(frozenset({"CONV_2D"}))


def test_open_takes_the_rest_to_the_registrys_fallback() -> None:
    cpu = default_registry().get("software")
    registry = Registry([entry_point("p", lambda: plugin(SomeKindsDriver(), cpu))])
    with GraphExecutor.open(digits_graph(), "mychip", registry=registry) as executor:
        assert {step.placement.driver for step in executor.steps} == {"mychip", "software"}
        values = digits_models.sample_input(2, "uint8")
        (output,) = executor.run([values])
    np.testing.assert_array_equal(output, digits_models.reference_output(digits_models.model("uint8"), values))
