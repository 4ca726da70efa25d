"""A subgraph that passes everything on to another, for tests to change a part of."""

from collections.abc import Sequence

from npu_hal.api import Array, Subgraph


class PassThroughSubgraph(Subgraph):
    def __init__(self, behind: Subgraph) -> None:
        self.behind = behind

    def invoke(self, inputs: Sequence[Array]) -> None:
        self.behind.invoke(inputs)

    def read_outputs(self, outputs: Sequence[Array]) -> None:
        self.behind.read_outputs(outputs)

    def close(self) -> None:
        self.behind.close()
