"""A driver for tests: the software driver's results, notes of what was asked, and failures on demand."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from npu_hal.api import (
    API_VERSION,
    AnyOperation,
    ApiVersion,
    Array,
    Device,
    DeviceInfo,
    DeviceKind,
    DeviceLost,
    Driver,
    DriverOption,
    Graph,
    Subgraph,
    Support,
)
from npu_hal.registry import default_registry

INFO = DeviceInfo("bench", DeviceKind.NPU, "a device of a test")


class ProbeDriver(Driver):
    """`fail_in` names the step that fails; `refused` are the kinds of operations that the device does not support."""

    name: ClassVar[str] = "probe"
    api_version: ClassVar[ApiVersion] = API_VERSION
    options: ClassVar[tuple[DriverOption, ...]] = (
        DriverOption("speed", "does nothing", "slow", choices=("slow", "fast")),
        DriverOption("device", "is named as an option of the delegate", "none"),
    )

    def __init__(self) -> None:
        self.fail_in: str | None = None
        self.error: BaseException = DeviceLost("the device is gone; plug it in again")
        self.refused: frozenset[str] = frozenset()
        self.devices: list[ProbeDevice] = []

    def probe(self) -> Sequence[DeviceInfo]:
        return (INFO,)

    def open(self, device: str | None = None, options: Mapping[str, str] | None = None) -> Device:
        self.fail("open")
        opened = ProbeDevice(self, device, self.check_options(options))
        self.devices.append(opened)
        return opened

    def fail(self, step: str) -> None:
        if step == self.fail_in:
            raise self.error


class ProbeDevice(Device):
    def __init__(self, driver: ProbeDriver, device: str | None, options: Mapping[str, str]) -> None:
        self._driver = driver
        self._software = default_registry().get("software").open()
        self.opened_as = device
        self.given_options = dict(options)
        self.is_closed = False
        self.subgraphs: list[ProbeSubgraph] = []

    @property
    def info(self) -> DeviceInfo:
        return INFO

    def supports(self, operation: AnyOperation, graph: Graph) -> Support:
        self._driver.fail("supports")
        if operation.kind in self._driver.refused:
            return Support.no(f"{operation.kind} is not one of this device's")
        return self._software.supports(operation, graph)

    def create_subgraph(self, graph: Graph) -> Subgraph:
        self._driver.fail("create_subgraph")
        subgraph = ProbeSubgraph(self._driver, graph, self._software.create_subgraph(graph))
        self.subgraphs.append(subgraph)
        return subgraph

    def close(self) -> None:
        self.is_closed = True
        self._software.close()


class ProbeSubgraph(Subgraph):
    def __init__(self, driver: ProbeDriver, graph: Graph, software: Subgraph) -> None:
        self._driver = driver
        self._software = software
        self.graph = graph
        self.is_closed = False
        self.inputs: Sequence[Array] = ()
        self.outputs: Sequence[Array] = ()

    def invoke(self, inputs: Sequence[Array]) -> None:
        self._driver.fail("invoke")
        self.inputs = inputs
        self._software.invoke(inputs)

    def read_outputs(self, outputs: Sequence[Array]) -> None:
        self._driver.fail("read_outputs")
        self.outputs = outputs
        self._software.read_outputs(outputs)

    def close(self) -> None:
        self.is_closed = True
        self.inputs = self.outputs = ()
        self._software.close()
