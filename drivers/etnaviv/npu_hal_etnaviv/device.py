"""An opened NPU."""

import threading

from npu_hal.api import (
    AnyOperation,
    Device,
    DeviceInfo,
    Graph,
    InvalidState,
    Subgraph,
    Support,
    Tolerance,
    UnsupportedOperation,
)
from npu_hal_etnaviv.coefficients.compatibility import Compatibility
from npu_hal_etnaviv.compiler import compile_graph
from npu_hal_etnaviv.hardware.npu_core import NpuCore
from npu_hal_etnaviv.kernel.interface import KernelInterface
from npu_hal_etnaviv.mesa_compatibility.supports import supports_as_mesa
from npu_hal_etnaviv.options import Options
from npu_hal_etnaviv.programming.command_stream import initialisation_stream
from npu_hal_etnaviv.serialisation import StoredCoefficients
from npu_hal_etnaviv.subgraph import EtnavivSubgraph
from npu_hal_etnaviv.supports.supports import supports


class EtnavivDevice(Device):
    """A Vivante NPU, behind whatever implements the kernel's interface."""

    def __init__(self, info: DeviceInfo, core: NpuCore, kernel: KernelInterface, options: Options) -> None:
        """Take over an opened interface and bring the NPU into its initial state; raises DeviceLost."""
        self._info = info
        self._core = core
        self._kernel = kernel
        self._options = options
        self._lock = threading.Lock()
        self._subgraphs: list[EtnavivSubgraph] = []
        self._closed = False
        kernel.wait(kernel.submit(initialisation_stream(), ()))

    @property
    def info(self) -> DeviceInfo:
        """What was opened."""
        return self._info

    @property
    def tolerance(self) -> Tolerance:
        """One step: the NPU rounds once, to another side at ties and with fewer bits of the scale."""
        return Tolerance(steps=1)

    def supports(self, operation: AnyOperation, graph: Graph) -> Support:
        """Whether the NPU runs an operation; the rules are those of `npu_hal_etnaviv.supports`."""
        if self._options.compatibility is Compatibility.MESA:
            return supports_as_mesa(operation, graph, self._core)
        return supports(operation, graph, self._core)

    def create_subgraph(self, graph: Graph) -> Subgraph:
        """Compile a graph and load it; raises UnsupportedOperation, OutOfDeviceMemory, DeviceLost."""
        return self._load(graph, None)

    def restore_subgraph(self, graph: Graph, data: bytes) -> Subgraph:
        """As `create_subgraph`, with coefficients that were serialised; raises InvalidInput for another graph's."""
        return self._load(graph, StoredCoefficients(data))

    def _load(self, graph: Graph, stored: StoredCoefficients | None) -> Subgraph:
        for position, operation in enumerate(graph.operations):
            support = self.supports(operation, graph)
            if not support:
                raise UnsupportedOperation(
                    f"operation {position} ({operation.kind}) cannot run on {self._info.name}: {support.reason}"
                )
        self._check_open()
        compiled = compile_graph(graph, self._core, self._options.compatibility, stored)
        with self._lock:
            self._check_open()
            subgraph = EtnavivSubgraph(graph, compiled, self._core, self._kernel)
            self._subgraphs = [other for other in self._subgraphs if not other.is_closed]
            self._subgraphs.append(subgraph)
        return subgraph

    def close(self) -> None:
        """Close all subgraphs and the NPU."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            for subgraph in self._subgraphs:
                subgraph.close()
            self._subgraphs = []
            self._kernel.close()

    def _check_open(self) -> None:
        if self._closed:
            raise InvalidState(f"a subgraph was asked of {self._info.name} after it was closed; open it again")
