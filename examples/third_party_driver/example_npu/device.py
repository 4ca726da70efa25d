"""The device: what it supports, and compiling graphs for it."""

from example_npu.subgraph import ExampleSubgraph
from npu_hal.api import (
    AnyOperation,
    Device,
    DeviceInfo,
    Graph,
    InvalidState,
    MaxPool2D,
    Padding,
    Relu,
    Subgraph,
    Support,
    UnsupportedOperation,
)


class ExampleDevice(Device):
    """Runs RELU and MAX_POOL_2D without padding, on tensors of float32 and bytes."""

    def __init__(self, info: DeviceInfo) -> None:
        self._info = info
        self._closed = False

    @property
    def info(self) -> DeviceInfo:
        """What was opened."""
        return self._info

    def supports(self, operation: AnyOperation, graph: Graph) -> Support:
        """Yes, or no with a reason that a person can act on.

        A kind that is not known here, because a later version of the interface added it, falls through to the end.
        """
        if isinstance(operation, Relu):
            source, result = graph.tensors[operation.input], graph.tensors[operation.output]
            if source.quantization != result.quantization:
                return Support.no("RELU runs only where input and output have one quantisation")
            return Support.yes()
        if isinstance(operation, MaxPool2D):
            if operation.padding is not Padding.VALID or operation.activation != "NONE":
                return Support.no("MAX_POOL_2D runs only without padding and fused activation")
            return Support.yes()
        return Support.no(f"this device has no unit for {operation.kind}")

    def create_subgraph(self, graph: Graph) -> Subgraph:
        """Compile. A driver for a chip lays out memory, encodes weights and builds its command stream here."""
        if self._closed:
            raise InvalidState("the device was closed; open it again")
        for position, operation in enumerate(graph.operations):
            support = self.supports(operation, graph)
            if not support:
                raise UnsupportedOperation(f"operation {position} ({operation.kind}): {support.reason}")
        return ExampleSubgraph(graph)

    def close(self) -> None:
        """Release the device; calling this again does nothing."""
        self._closed = True
