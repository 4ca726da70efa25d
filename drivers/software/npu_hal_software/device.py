"""The CPU as a device."""

from npu_hal.api import (
    Device,
    DeviceInfo,
    Graph,
    InvalidState,
    Operation,
    Subgraph,
    Support,
    UnsupportedOperation,
)
from npu_hal_software.levels import SubgraphCompiler
from npu_hal_software.reference.support import refusal


class CpuDevice(Device):
    """Runs every operation that has a definition, at the level that it was opened for."""

    def __init__(self, info: DeviceInfo, compile_subgraph: SubgraphCompiler) -> None:
        self._info = info
        self._compile_subgraph = compile_subgraph
        self._closed = False

    @property
    def info(self) -> DeviceInfo:
        """The CPU."""
        return self._info

    def supports(self, operation: Operation, graph: Graph) -> Support:
        """Yes for every operation that has a definition."""
        self._require_open()
        reason = refusal(operation, graph.tensors)
        return Support.no(reason) if reason else Support.yes()

    def create_subgraph(self, graph: Graph) -> Subgraph:
        """Compile `graph`; raises `UnsupportedOperation`, `InvalidState` after `close`."""
        self._require_open()
        for position, operation in enumerate(graph.operations):
            reason = refusal(operation, graph.tensors)
            if reason:
                raise UnsupportedOperation(f"operation {position} ({operation.kind}): {reason}")
        return self._compile_subgraph(graph)

    def close(self) -> None:
        """Nothing is held; later calls raise `InvalidState`. Subgraphs go on."""
        self._closed = True

    def _require_open(self) -> None:
        if self._closed:
            raise InvalidState("the device was closed; open it again")
