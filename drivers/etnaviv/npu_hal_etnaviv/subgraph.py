"""A graph loaded on an NPU."""

import threading
from collections.abc import Sequence

import numpy as np

from npu_hal.api import Array, DType, Graph, InvalidState, Subgraph, SubgraphReport, check_buffers
from npu_hal_etnaviv.compiler import CompiledGraph, serialise_graph
from npu_hal_etnaviv.hardware.npu_core import NpuCore
from npu_hal_etnaviv.kernel.interface import Access, Fence, KernelInterface
from npu_hal_etnaviv.loading import LoadedGraph, load
from npu_hal_etnaviv.lowering.unsigned import INT8_OFFSET
from npu_hal_etnaviv.report import compile_report

FLIP_SIGN = np.uint8(INT8_OFFSET)
"""Adding 128 to a byte is flipping its upper bit, and so is subtracting it."""


class EtnavivSubgraph(Subgraph):
    """Copies inputs into buffers, submits the command streams made at creation, waits, copies outputs back."""

    def __init__(self, graph: Graph, compiled: CompiledGraph, core: NpuCore, kernel: KernelInterface) -> None:
        """Load a compiled graph; raises OutOfDeviceMemory, DeviceLost."""
        self._graph = graph
        self._compiled = compiled
        self._core = core
        self._kernel = kernel
        self._lock = threading.Lock()
        self._fence: Fence | None = None
        self._has_result = False
        self._loaded: LoadedGraph | None = load(compiled, core, kernel)

    def invoke(self, inputs: Sequence[Array]) -> None:
        """Copy the inputs and queue the jobs; waits for an inference that is still under way."""
        check_buffers(self._graph.input_tensors, inputs, "input")
        with self._lock:
            loaded = self._open()
            self._wait()
            self._has_result = False
            for buffer in loaded.input_buffers:
                self._kernel.cpu_prep(buffer, Access.WRITE)
            for tensor, values, target in zip(self._graph.input_tensors, inputs, loaded.inputs, strict=True):
                if target is not None:
                    _copy(values.reshape(-1).view(np.uint8), target, tensor.dtype)
            for buffer in loaded.input_buffers:
                self._kernel.cpu_fini(buffer)
            for stream in loaded.streams:
                self._fence = self._kernel.submit(stream, loaded.buffers)
            self._has_result = True

    def read_outputs(self, outputs: Sequence[Array]) -> None:
        """Wait for the jobs and copy their results."""
        check_buffers(self._graph.output_tensors, outputs, "output", writable=True)
        with self._lock:
            loaded = self._open()
            if not self._has_result:
                raise InvalidState("outputs were read that no inference has computed; call invoke first")
            self._wait()
            self._has_result = False
            for buffer in loaded.output_buffers:
                self._kernel.cpu_prep(buffer, Access.READ)
            for tensor, source, target in zip(self._graph.output_tensors, loaded.outputs, outputs, strict=True):
                _copy(source, target.reshape(-1).view(np.uint8), tensor.dtype)
            for buffer in loaded.output_buffers:
                self._kernel.cpu_fini(buffer)
            self._has_result = False

    def close(self) -> None:
        """Release the buffers; a submit under way keeps them until it is done."""
        with self._lock:
            if self._loaded is None:
                return
            for buffer, _ in self._loaded.buffers:
                self._kernel.release(buffer)
            self._loaded = None

    def report(self) -> SubgraphReport:
        """What the graph was compiled to: jobs, sizes, tiles, coefficient bytes, memory, estimated times."""
        return compile_report(self._compiled, self._core)

    def serialise(self) -> bytes:
        """The coefficients, which took most of the time to compile."""
        self._open()
        return serialise_graph(self._compiled, self._core)

    @property
    def is_closed(self) -> bool:
        """Whether `close` was called."""
        return self._loaded is None

    def _open(self) -> LoadedGraph:
        if self._loaded is None:
            raise InvalidState(f"subgraph {self._graph.name!r} was used after it was closed; create another one")
        return self._loaded

    def _wait(self) -> None:
        if self._fence is not None:
            self._kernel.wait(self._fence)
            self._fence = None


def _copy(source: Array, target: Array, dtype: DType) -> None:
    if dtype is DType.INT8:
        np.bitwise_xor(source, FLIP_SIGN, out=target)
    else:
        target[...] = source
