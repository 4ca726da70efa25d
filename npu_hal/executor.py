"""Running a whole graph: a device takes what it supports, a fallback device the rest."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from time import perf_counter

import numpy as np

from npu_hal.api import (
    Array,
    Closeable,
    Device,
    DeviceInfo,
    DeviceKind,
    Graph,
    InvalidState,
    OperationTime,
    Subgraph,
    UnsupportedOperation,
    check_buffers,
)
from npu_hal.partitioner import Partitioning, Step, partition
from npu_hal.registry import Registry, default_registry
from npu_hal.selection import select

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class PlacedDevice:
    """An opened device and the name of the driver that it belongs to."""

    driver: str
    device: Device

    @property
    def info(self) -> DeviceInfo:
        """What was opened."""
        return self.device.info

    def __str__(self) -> str:
        return f"{self.driver} {self.info.name}"


@dataclass(slots=True)
class ExecutionStep:
    """Operations that one device runs as one subgraph.

    `positions` are those of the operations in the whole graph; `inputs` and `outputs` the indices of its tensors that
    the subgraph reads and computes. `run_seconds` is the duration of the latest run, of which `invoke` took
    `invoke_seconds`, both 0 before the first. `compile_started` and `run_started` are points of `time.perf_counter`.
    """

    placement: PlacedDevice
    positions: tuple[int, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    subgraph: Subgraph
    compile_started: float
    compile_seconds: float
    run_started: float = field(default=0.0)
    invoke_seconds: float = field(default=0.0)
    run_seconds: float = field(default=0.0)


class GraphExecutor(Closeable):
    """A graph compiled for a device and a fallback, ready to run any number of times.

    `fallback` is only called, once, if `device` refuses an operation. The executor owns both devices and closes them.
    Like a subgraph it runs one inference at a time. Raises `UnsupportedOperation` that names the operations which
    neither device runs, and what the drivers raise.
    """

    def __init__(self, graph: Graph, device: PlacedDevice, fallback: Callable[[], PlacedDevice] | None = None) -> None:
        self._graph = graph
        self._devices = [device]
        self._steps: list[ExecutionStep] = []
        self._input_tensors = graph.input_tensors
        self._output_tensors = graph.output_tensors
        # An inference has a list of arrays: the inputs, the outputs, and buffers for what one step computes and another
        # reads. These are the places in it of tensors, by index, the buffers, and the places of each step's operands.
        self._places = {index: place for place, index in enumerate((*graph.inputs, *graph.outputs))}
        self._intermediates: list[Array] = []
        self._operands: list[tuple[ExecutionStep, list[int], list[int]]] = []
        self._is_one_step = False
        self._closed = False
        try:
            self._partitioning = partition(graph, device.device)
            rest = device if self._partitioning.is_whole else self._open_fallback(device, fallback)
            for step in self._partitioning.steps:
                self._add(self._compile(step, device if step.on_device else rest))
            # Such a step is a small model's whole inference; its subgraph checks the arrays.
            self._is_one_step = [(step.inputs, step.outputs) for step in self._steps] == [(graph.inputs, graph.outputs)]
        except BaseException:
            self.close()
            raise

    @classmethod
    def open(
        cls,
        graph: Graph,
        driver: str | None = None,
        device: str | None = None,
        options: Mapping[str, str] | None = None,
        registry: Registry | None = None,
    ) -> "GraphExecutor":
        """An executor on the device that the arguments and the environment mean.

        What that device refuses runs on the registry's fallback driver. Raises what `npu_hal.selection.select`,
        `Driver.open` and the constructor raise.
        """
        registry = registry or default_registry()
        selection = select(driver, device, registry)
        name = selection.driver.name

        def fallback() -> PlacedDevice:
            spare = registry.fallback()
            return PlacedDevice(spare.name, spare.open())

        return cls(graph, PlacedDevice(name, selection.driver.open(selection.device, options)), fallback)

    @property
    def graph(self) -> Graph:
        """What is run."""
        return self._graph

    @property
    def partitioning(self) -> Partitioning:
        """What the device takes, and why it does not take the rest."""
        return self._partitioning

    @property
    def steps(self) -> tuple[ExecutionStep, ...]:
        """The subgraphs in the order in which they run."""
        return tuple(self._steps)

    def run(self, inputs: Sequence[Array], outputs: Sequence[Array] | None = None) -> list[Array]:
        """One inference; arrays for the graph's outputs, which are `outputs` if they are given.

        The arrays have the shapes and types of the graph's inputs and outputs and are C-contiguous. Raises
        `InvalidInput`, `InvalidState` after `close`, and what the drivers raise.
        """
        if self._is_one_step:
            results = self._new_outputs() if outputs is None else list(outputs)
            _run_step(self._steps[0], inputs, results)
            return results
        values, results = self._bind(inputs, outputs)
        for step, reads, writes in self._operands:
            _run_step(step, [values[place] for place in reads], [values[place] for place in writes])
        return results

    def profile(self, inputs: Sequence[Array], outputs: Sequence[Array] | None = None) -> list[OperationTime]:
        """One inference, and the times of operations where drivers tell them, by position in the whole graph.

        Raises what `run` raises.
        """
        values, _ = self._bind(inputs, outputs)
        times: list[OperationTime] = []
        for step, reads, writes in self._operands:
            step.run_started = perf_counter()
            told = step.subgraph.profile([values[place] for place in reads], [values[place] for place in writes])
            step.run_seconds = perf_counter() - step.run_started
            times.extend(OperationTime(step.positions[time.operation], time.name, time.seconds) for time in told)
        return times

    def _bind(self, inputs: Sequence[Array], outputs: Sequence[Array] | None) -> tuple[list[Array], list[Array]]:
        """The arrays of one inference, and those among them that are the outputs."""
        if self._closed:
            raise InvalidState("the executor is closed")
        check_buffers(self._input_tensors, inputs, "input")
        if outputs is None:
            results = self._new_outputs()
        else:
            check_buffers(self._output_tensors, outputs, "output", writable=True)
            results = list(outputs)
        return [*inputs, *results, *self._intermediates], results

    def _new_outputs(self) -> list[Array]:
        return [np.empty(tensor.shape, tensor.dtype.numpy) for tensor in self._output_tensors]

    def close(self) -> None:
        """Close subgraphs and devices."""
        self._closed = True
        self._is_one_step = False
        self._operands.clear()
        while self._steps:
            self._steps.pop().subgraph.close()
        while self._devices:
            self._devices.pop().device.close()

    def _open_fallback(self, device: PlacedDevice, open_it: Callable[[], PlacedDevice] | None) -> PlacedDevice:
        if open_it is None or device.info.kind is DeviceKind.CPU:
            raise UnsupportedOperation(f"{device} does not run {self._describe(self._partitioning.refusals)}")
        fallback = open_it()
        self._devices.append(fallback)
        refusals = {}
        for position, reason in self._partitioning.refusals.items():
            support = fallback.device.supports(self._graph.operations[position], self._graph)
            if not support:
                refusals[position] = f"{reason}; {fallback}: {support.reason}"
        if refusals:
            raise UnsupportedOperation(f"neither {device} nor {fallback} runs {self._describe(refusals)}")
        return fallback

    def _describe(self, refusals: Mapping[int, str]) -> str:
        position, reason = next(iter(refusals.items()))
        more = f", nor {len(refusals) - 1} others" if len(refusals) > 1 else ""
        return f"operation {position} ({self._graph.operations[position].kind}): {reason}{more}"

    def _add(self, step: ExecutionStep) -> None:
        """Have `step` run after those before it."""
        self._steps.append(step)
        for index in step.outputs:
            if index not in self._places:
                tensor = self._graph.tensors[index]
                self._places[index] = len(self._places)
                self._intermediates.append(np.empty(tensor.shape, tensor.dtype.numpy))
        reads, writes = ([self._places[index] for index in side] for side in (step.inputs, step.outputs))
        self._operands.append((step, reads, writes))

    def _compile(self, step: Step, placement: PlacedDevice) -> ExecutionStep:
        started = perf_counter()
        part, origin = self._graph.extract(step.positions)
        subgraph = placement.device.create_subgraph(part)
        seconds = perf_counter() - started
        _log.info("%s runs %d operations, compiled in %.1f ms", placement, len(step.positions), seconds * 1e3)
        return ExecutionStep(
            placement=placement,
            positions=step.positions,
            inputs=tuple(origin[index] for index in part.inputs),
            outputs=tuple(origin[index] for index in part.outputs),
            subgraph=subgraph,
            compile_started=started,
            compile_seconds=seconds,
        )


def _run_step(step: ExecutionStep, inputs: Sequence[Array], outputs: Sequence[Array]) -> None:
    """One inference of a step, timed."""
    subgraph = step.subgraph
    started = perf_counter()
    subgraph.invoke(inputs)
    invoked = perf_counter()
    subgraph.read_outputs(outputs)
    step.run_seconds = perf_counter() - started
    step.invoke_seconds = invoked - started
    step.run_started = started
