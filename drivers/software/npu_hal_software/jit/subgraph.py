"""A graph compiled to records, ready to run in one native call per inference."""

import weakref
from collections.abc import Sequence
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np

from npu_hal import api
from npu_hal.api import Array, Graph, InvalidState, Subgraph
from npu_hal_software.jit.bound_arrays import BoundArrays
from npu_hal_software.jit.compiler import CompiledKernels
from npu_hal_software.jit.program import LinkedProgram
from npu_hal_software.jit.record import CHUNKS_SLOT
from npu_hal_software.jit.threads import Crew

if TYPE_CHECKING:
    from npu_hal.api import OperationTime


class JitSubgraph(Subgraph):
    """Runs the records of a program. No memory is allocated from one inference to the next.

    Execution happens in `read_outputs`, so that the caller's inputs are read where they are and results are written
    where the caller wants them.
    """

    def __init__(self, graph: Graph, program: LinkedProgram, kernels: CompiledKernels, threads: int) -> None:
        self._output_tensors = graph.output_tensors
        self._program: LinkedProgram | None = program
        shares = any(record[CHUNKS_SLOT] > 1 for record in program.records)
        self._crew = Crew(kernels, program.records, threads - 1 if shares else 0)
        weakref.finalize(self, self._crew.close)
        self._loner = Crew(kernels, program.records, 0)
        self._inputs = BoundArrays(program.records, program.input_slots, graph.input_tensors, "input")
        self._outputs = BoundArrays(program.records, program.output_slots, graph.output_tensors, "output")
        self._queued: tuple[Array, ...] | None = None

    def invoke(self, inputs: Sequence[Array]) -> None:
        """Remember where the inputs are; raises `InvalidInput`, `InvalidState`."""
        self._require_open()
        self._inputs.check(inputs)
        self._queued = tuple(inputs)

    def read_outputs(self, outputs: Sequence[Array]) -> None:
        """Compute the queued inference into `outputs`; raises `InvalidInput`, `InvalidState`, `OutOfDeviceMemory`."""
        self._outputs.check(outputs)
        self._run(self._crew, outputs)

    def profile(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> Sequence["OperationTime"]:
        """One inference on one thread, timed record by record; see `npu_hal.api.Subgraph`."""
        started = perf_counter()
        ticks = self._count_ticks(inputs, outputs)
        seconds = perf_counter() - started
        # The rate of the cycle counter is not known; its whole span is what the clock saw, calling included.
        second_per_tick = seconds / max(sum(count for _, count in ticks), 1)
        # Named in full, so that it is imported where a profile is made.
        return [
            api.OperationTime(position, label.partition(":")[0], count * second_per_tick)
            for position, (label, count) in zip(self._require_open().positions, ticks, strict=True)
            if position >= 0
        ]

    def count_ticks(self, inputs: Sequence[Array]) -> list[tuple[str, int]]:
        """Run one inference on one thread: (label, clock ticks) of each record."""
        outputs: list[Array] = [np.empty(tensor.shape, tensor.dtype.numpy) for tensor in self._output_tensors]
        return self._count_ticks(inputs, outputs)

    def _count_ticks(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[tuple[str, int]]:
        program = self._require_open()
        clock = np.zeros(len(program.records) + 1, np.int64)
        self.invoke(inputs)
        self._outputs.check(outputs)
        self._run(self._loner, outputs, clock.ctypes.data)
        return list(zip(program.labels, np.diff(clock).tolist(), strict=True))

    def _run(self, crew: Crew, outputs: Sequence[Array], clock: int = 0) -> None:
        with self._crew.lock:
            # Looked at with the lock held: another thread may have closed the subgraph.
            program = self._require_open()
            queued, self._queued = self._queued, None
            if queued is None:
                raise InvalidState("no inference is queued: call invoke before read_outputs")
            self._inputs.bind(queued)
            self._outputs.bind(outputs)
            callbacks = program.callbacks
            expected = callbacks.finished + callbacks.per_run
            try:
                crew.run(clock)
            finally:
                callbacks.raise_first()
            if callbacks.finished < expected:
                raise KeyboardInterrupt("a signal broke the inference off; its outputs are not computed")

    def close(self) -> None:
        """Release memory and helper threads."""
        with self._crew.lock:
            self._crew.close()
            self._program = None
            self._queued = None

    def _require_open(self) -> LinkedProgram:
        if self._program is None:
            raise InvalidState("the subgraph was closed; create it again")
        return self._program
