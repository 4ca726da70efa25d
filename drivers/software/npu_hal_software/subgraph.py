"""Graphs that run at the reference level, one operation after the other."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import perf_counter

import numpy as np

from npu_hal.api import Array, Graph, InvalidState, OperationTime, OutOfDeviceMemory, Subgraph, check_buffers
from npu_hal_software.reference.compilation import compile_operation
from npu_hal_software.reference.kernel import Kernel


@dataclass(frozen=True, slots=True)
class _Step:
    """One operation: its kernel, its operands, and the tensors that nothing reads after it."""

    kernel: Kernel
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    dead: tuple[int, ...]


class ReferenceSubgraph(Subgraph):
    """A graph of operations that all have a definition.

    Execution happens in `read_outputs`, so that the caller's inputs are read where they are and results are written
    where the caller wants them. A tensor in between lives from the operation that computes it to the last that reads
    it.
    """

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._steps = _plan(graph)
        self._constants = {index: tensor.data for index, tensor in enumerate(graph.tensors) if tensor.data is not None}
        self._queued: tuple[Array, ...] | None = None
        self._closed = False

    def invoke(self, inputs: Sequence[Array]) -> None:
        """Remember where the inputs are; raises `InvalidInput`, `InvalidState`."""
        self._require_open()
        check_buffers(self._graph.input_tensors, inputs, "input")
        self._queued = tuple(inputs)

    def read_outputs(self, outputs: Sequence[Array]) -> None:
        """Compute the queued inference into `outputs`; raises `InvalidInput`, `InvalidState`, `OutOfDeviceMemory`."""
        self._compute(outputs, lambda position, seconds: None)

    def profile(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> Sequence[OperationTime]:
        """One inference, each operation timed."""
        times: list[OperationTime] = []
        kinds = [operation.kind for operation in self._graph.operations]
        self.invoke(inputs)
        self._compute(outputs, lambda at, seconds: times.append(OperationTime(at, kinds[at], seconds)))
        return times

    def _compute(self, outputs: Sequence[Array], done: Callable[[int, float], None]) -> None:
        """Compute the queued inference; `done` is told each operation's position and seconds."""
        try:
            self._compute_steps(outputs, done)
        except MemoryError as error:
            raise OutOfDeviceMemory(f"the inference needs more memory than this machine gives: {error}") from None

    def _compute_steps(self, outputs: Sequence[Array], done: Callable[[int, float], None]) -> None:
        self._require_open()
        if self._queued is None:
            raise InvalidState("no inference is queued: call invoke before read_outputs")
        check_buffers(self._graph.output_tensors, outputs, "output", writable=True)
        inputs, self._queued = self._queued, None
        arrays = dict(self._constants)
        arrays.update(zip(self._graph.inputs, inputs, strict=True))
        arrays.update(zip(self._graph.outputs, outputs, strict=True))
        for position, step in enumerate(self._steps):
            started = perf_counter()
            for index in step.outputs:
                if index not in arrays:
                    tensor = self._graph.tensors[index]
                    arrays[index] = np.empty(tensor.shape, tensor.dtype.numpy)
            # Overflow to infinity and NaN are results of float arithmetic like others, not worth a warning.
            with np.errstate(all="ignore"):
                step.kernel([arrays[index] for index in step.inputs], [arrays[index] for index in step.outputs])
            for index in step.dead:
                del arrays[index]
            done(position, perf_counter() - started)

    def close(self) -> None:
        """Release the compiled operations and their constants."""
        self._closed = True
        self._queued = None
        self._steps = ()
        self._constants = {}

    def _require_open(self) -> None:
        if self._closed:
            raise InvalidState("the subgraph was closed; create it again")


def _plan(graph: Graph) -> tuple[_Step, ...]:
    readers = graph.consumers()
    last_use = {
        index: readers[index][-1] if index in readers else position
        for index, position in graph.producers().items()
        if index not in graph.outputs
    }
    return tuple(
        _Step(
            compile_operation(operation, graph.tensors),
            operation.inputs,
            operation.outputs,
            tuple(index for index, last in last_use.items() if last == position),
        )
        for position, operation in enumerate(graph.operations)
    )
