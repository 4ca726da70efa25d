"""A device and a subgraph that pass everything on to others, for tests to change a part of."""

from collections.abc import Sequence

from npu_hal.api import AnyOperation, Array, Device, DeviceInfo, Graph, Subgraph, Support


class PassThroughDevice(Device):
    def __init__(self, behind: Device) -> None:
        self.behind = behind

    @property
    def info(self) -> DeviceInfo:
        return self.behind.info

    def supports(self, operation: AnyOperation, graph: Graph) -> Support:
        return self.behind.supports(operation, graph)

    def create_subgraph(self, graph: Graph) -> Subgraph:
        return self.behind.create_subgraph(graph)

    def close(self) -> None:
        self.behind.close()


class PassThroughSubgraph(Subgraph):
    def __init__(self, behind: Subgraph) -> None:
        self.behind = behind

    def invoke(self, inputs: Sequence[Array]) -> None:
        self.behind.invoke(inputs)

    def read_outputs(self, outputs: Sequence[Array]) -> None:
        self.behind.read_outputs(outputs)

    def close(self) -> None:
        self.behind.close()
