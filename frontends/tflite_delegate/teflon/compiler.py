"""Compiling the parts of a model that a delegate has taken."""

import logging
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from npu_hal.api import Array, Device, DeviceInfo, Graph, InvalidState, Subgraph, Support
from npu_hal.executor import GraphExecutor, PlacedDevice
from npu_hal.registry import Registry
from teflon import debug

if TYPE_CHECKING:
    from npu_hal.api import AnyOperation

_log = logging.getLogger("npu_hal.teflon")


class Compiler:
    """Makes subgraphs for a device that somebody else closes; with `is_verbose`, tells about each.

    What a delegate takes of a model is decided once, by the shapes at that time, and nothing can be given back to the
    runtime when an input is resized later. What the device refuses then, the registry's fallback driver runs.
    """

    def __init__(self, driver: str, device: Device, registry: Registry, is_verbose: bool) -> None:
        self._driver = driver
        self._device = device
        self._registry = registry
        self._is_verbose = is_verbose

    def compile(self, graph: Graph) -> Subgraph:
        """A subgraph of a graph that the device takes; raises what the device raises."""
        return self._timed(graph, self._device.create_subgraph)

    def compile_resized(self, graph: Graph) -> Subgraph:
        """A subgraph of a graph that the device took with other shapes.

        Raises `UnsupportedOperation` that names an operation which neither the device nor the fallback runs, and what
        these raise.
        """
        if all(self._device.supports(operation, graph) for operation in graph.operations):
            return self.compile(graph)
        return self._timed(graph, self._split)

    def _timed(self, graph: Graph, make: Callable[[Graph], Subgraph]) -> Subgraph:
        if self._is_verbose:
            debug.log_graph(graph)
        start = time.perf_counter()
        subgraph = make(graph)
        if self._is_verbose:
            debug.log_compilation(graph.name, time.perf_counter() - start)
        return subgraph

    def _split(self, graph: Graph) -> Subgraph:
        device = PlacedDevice(self._driver, _BorrowedDevice(self._device))
        executor = GraphExecutor(graph, device, self._open_fallback)
        refusals = executor.partitioning.refusals
        position, reason = next(iter(refusals.items()))
        _log.warning(
            "%s: with the shapes that its tensors have now, %s does not run %d of %d operations (the first is %d, %s: "
            "%s); driver %s runs them",
            graph.name,
            device,
            len(refusals),
            len(graph.operations),
            position,
            graph.operations[position].kind,
            reason,
            self._registry.fallback().name,
        )
        return _SplitSubgraph(executor)

    def _open_fallback(self) -> PlacedDevice:
        driver = self._registry.fallback()
        return PlacedDevice(driver.name, driver.open())


class _BorrowedDevice(Device):
    """A device that stays open when it is closed."""

    def __init__(self, device: Device) -> None:
        self._device = device

    @property
    def info(self) -> DeviceInfo:
        return self._device.info

    def supports(self, operation: "AnyOperation", graph: Graph) -> Support:
        return self._device.supports(operation, graph)

    def create_subgraph(self, graph: Graph) -> Subgraph:
        return self._device.create_subgraph(graph)

    def close(self) -> None:
        pass


class _SplitSubgraph(Subgraph):
    """A graph that several subgraphs run."""

    def __init__(self, executor: GraphExecutor) -> None:
        self._executor = executor
        self._inputs: Sequence[Array] | None = None

    def invoke(self, inputs: Sequence[Array]) -> None:
        self._inputs = inputs

    def read_outputs(self, outputs: Sequence[Array]) -> None:
        if self._inputs is None:
            raise InvalidState("no inference has been started")
        self._executor.run(self._inputs, outputs)

    def close(self) -> None:
        self._executor.close()
