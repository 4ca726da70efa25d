"""A graph compiled to records, ready to run in one native call per inference."""

import threading
import weakref
from collections.abc import Sequence
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from npu_hal import api
from npu_hal.api import Array, DType, Graph, InvalidState, Subgraph, check_buffers
from npu_hal_software.jit.compiler import CompiledKernels
from npu_hal_software.jit.program import SIGN_BIT, LinkedProgram
from npu_hal_software.jit.record import CHUNKS_SLOT
from npu_hal_software.jit.threads import Crew

if TYPE_CHECKING:
    from npu_hal.api import OperationTime


class JitSubgraph(Subgraph):
    """Runs the records of a program. No memory is allocated from one inference to the next."""

    def __init__(self, graph: Graph, program: LinkedProgram, kernels: CompiledKernels, threads: int) -> None:
        self._graph = graph
        self._program: LinkedProgram | None = program
        shares = any(record[CHUNKS_SLOT] > 1 for record in program.records)
        self._crew = Crew(kernels, program.records, threads - 1 if shares else 0)
        weakref.finalize(self, self._crew.close)
        self._loner = Crew(kernels, program.records, 0)
        self._positions = program.positions
        self._outputs = [_output_view(program, graph, index) for index in graph.outputs]
        self._bound_inputs = [0] * len(graph.inputs)
        self._lock = threading.Lock()
        self._has_result = False

    def invoke(self, inputs: Sequence[Array]) -> None:
        """Run one inference; its results stay here until `read_outputs`."""
        program = self._require_open()
        check_buffers(self._graph.input_tensors, inputs, "input")
        with self._lock:
            self._bind(program, inputs)
            self._crew.run()
            program.failures.raise_first()
            self._has_result = True

    def read_outputs(self, outputs: Sequence[Array]) -> None:
        """Copy the results of the last `invoke`."""
        self._require_open()
        check_buffers(self._graph.output_tensors, outputs, "output", writable=True)
        if not self._has_result:
            raise InvalidState("no inference is queued: call invoke before read_outputs")
        self._has_result = False
        for target, source, tensor in zip(outputs, self._outputs, self._graph.output_tensors, strict=True):
            if tensor.dtype is DType.INT8:
                np.bitwise_xor(source, np.uint8(SIGN_BIT), out=target.view(np.uint8))
            else:
                target[...] = source.view(target.dtype).reshape(target.shape)

    def profile(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> Sequence["OperationTime"]:
        """One inference on one thread, timed record by record; see `npu_hal.api.Subgraph`."""
        started = perf_counter()
        ticks = self.count_ticks(inputs)
        seconds = perf_counter() - started
        self._has_result = True
        self.read_outputs(outputs)
        # The rate of the cycle counter is not known; its whole span is what the clock saw, calling included.
        second_per_tick = seconds / max(sum(count for _, count in ticks), 1)
        # Named in full, so that it is imported where a profile is made.
        return [
            api.OperationTime(position, label.partition(":")[0], count * second_per_tick)
            for position, (label, count) in zip(self._positions, ticks, strict=True)
            if position >= 0
        ]

    def count_ticks(self, inputs: Sequence[Array]) -> list[tuple[str, int]]:
        """Run one inference on one thread: (label, clock ticks) of each record."""
        program = self._require_open()
        check_buffers(self._graph.input_tensors, inputs, "input")
        clock = np.zeros(len(program.records) + 1, np.int64)
        with self._lock:
            self._bind(program, inputs)
            self._loner.run(clock.ctypes.data)
            program.failures.raise_first()
        return list(zip(program.labels, np.diff(clock).tolist(), strict=True))

    def close(self) -> None:
        """Release memory and helper threads."""
        with self._lock:
            self._crew.close()
            self._program = None
            self._outputs = []

    def _require_open(self) -> LinkedProgram:
        if self._program is None:
            raise InvalidState("the subgraph was closed; create it again")
        return self._program

    def _bind(self, program: LinkedProgram, inputs: Sequence[Array]) -> None:
        """Write the inputs' addresses to the records that read them."""
        for position, (array, slots) in enumerate(zip(inputs, program.input_slots, strict=True)):
            address = array.ctypes.data
            if address != self._bound_inputs[position]:
                self._bound_inputs[position] = address
                for record, slot in slots:
                    program.records[record, slot] = address


def _output_view(program: LinkedProgram, graph: Graph, index: int) -> NDArray[np.uint8]:
    """The bytes of an output in the arena; shaped as the tensor if its elements are bytes."""
    tensor = graph.tensors[index]
    start = program.addresses[index] - program.arena.ctypes.data
    flat = program.arena[start : start + tensor.nbytes]
    return flat.reshape(tensor.shape) if tensor.dtype.is_quantised8 else flat
