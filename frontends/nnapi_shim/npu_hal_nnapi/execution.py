"""Executions: one run of a compiled model over the caller's buffers."""

import threading
from collections.abc import Callable
from time import perf_counter_ns
from typing import Any

import numpy as np
from numpy.typing import NDArray

from npu_hal.api import Array
from npu_hal_nnapi.codes import DurationCode, ResultCode
from npu_hal_nnapi.compilation import Compilation, Compiled, Signature
from npu_hal_nnapi.errors import NnapiError, bad_data, bad_state, result_code, unexpected_null
from npu_hal_nnapi.memory import Memory
from npu_hal_nnapi.model import as_bytes
from npu_hal_nnapi.operand import OperandType

_UNKNOWN_DURATION = 2**64 - 1


class Event:
    """The end of an execution that was started and not waited for."""

    def __init__(self, work: Callable[[], None]) -> None:
        self._result = ResultCode.NO_ERROR
        self._thread = threading.Thread(target=self._run, args=(work,), daemon=True)
        self._thread.start()

    def wait(self) -> ResultCode:
        """Wait for the end; what the execution came to."""
        self._thread.join()
        return self._result

    def _run(self, work: Callable[[], None]) -> None:
        try:
            work()
        # Whatever a driver raises has to reach the thread that waits.
        except BaseException as error:
            self._result = result_code(error)


class Execution:
    """One run: set every input and output, then compute.

    Buffers are anything with a writable (outputs) contiguous buffer of the operand's size in bytes; they are used in
    place. Methods raise `NnapiError` with the codes of the specification.
    """

    def __init__(self, compilation: Compilation) -> None:
        if not compilation.is_finished:
            raise bad_state("the compilation is not finished; it cannot be executed")
        self._compilation = compilation
        self._model = compilation.model
        self._inputs: dict[int, NDArray[np.uint8] | None] = {}
        self._outputs: dict[int, NDArray[np.uint8] | None] = {}
        self._types: dict[int, OperandType] = {}
        self._compiled: Compiled | None = None
        self._started = False
        self._completed = False
        self._measures = False
        self._nanoseconds = _UNKNOWN_DURATION

    def set_input(self, index: int, buffer: Any | None, kind: OperandType | None = None) -> None:
        """Read the model's input number `index` from a buffer; None omits it. `kind` gives dimensions left open."""
        self._set(self._inputs, self._model.inputs, index, None if buffer is None else as_bytes(buffer), kind, "input")

    def set_input_from_memory(
        self, index: int, memory: Memory, offset: int, length: int, kind: OperandType | None = None
    ) -> None:
        """Read the model's input number `index` from a memory."""
        data = memory.region(offset, length)
        self._set(self._inputs, self._model.inputs, index, data, kind, "input")

    def set_output(self, index: int, buffer: Any | None, kind: OperandType | None = None) -> None:
        """Write the model's output number `index` to a buffer; None discards it."""
        data = None if buffer is None else as_bytes(buffer)
        if data is not None and data.nbytes and not data.flags.writeable:
            raise bad_data(f"the buffer for output {index} is read-only")
        self._set(self._outputs, self._model.outputs, index, data, kind, "output")

    def set_output_from_memory(
        self, index: int, memory: Memory, offset: int, length: int, kind: OperandType | None = None
    ) -> None:
        """Write the model's output number `index` to a memory."""
        data = memory.region(offset, length)
        if not data.flags.writeable:
            raise bad_data(f"the memory for output {index} is read-only")
        self._set(self._outputs, self._model.outputs, index, data, kind, "output")

    def set_measure_timing(self, measure: bool) -> None:
        """Ask for the duration of the execution."""
        self._require_unstarted()
        self._measures = measure

    def compute(self) -> None:
        """Run, and wait for the end."""
        work = self._start()
        work()

    def start_compute(self) -> Event:
        """Run in the background."""
        return Event(self._start())

    def output_dimensions(self, index: int) -> tuple[int, ...]:
        """The dimensions of an output, once the execution is completed."""
        if not self._completed or self._compiled is None:
            raise bad_state("the execution is not completed; its outputs' dimensions are not known")
        operand = self._position(self._model.outputs, index, "output")
        return self._compilation.output_shapes(self._compiled)[operand]

    def duration(self, code: int) -> int:
        """The duration of the completed execution in nanoseconds; all ones if it cannot be told."""
        try:
            kind = DurationCode(code)
        except ValueError:
            raise bad_data(f"{code} is no kind of duration") from None
        if not self._completed:
            raise bad_state("the execution is not completed; its duration is not known")
        if not self._measures:
            raise bad_state("the duration was not asked for before the execution")
        in_driver = kind in (DurationCode.IN_DRIVER, DurationCode.FENCED_DURATION_IN_DRIVER)
        return self._nanoseconds if in_driver else _UNKNOWN_DURATION

    def _set(
        self,
        buffers: dict[int, NDArray[np.uint8] | None],
        operands: tuple[int, ...],
        index: int,
        data: NDArray[np.uint8] | None,
        kind: OperandType | None,
        role: str,
    ) -> None:
        self._require_unstarted()
        operand = self._position(operands, index, role)
        if index in buffers:
            raise bad_state(f"{role} {index} was set already")
        declared = self._model.operands[operand].type
        known = declared if kind is None else self._refined(declared, kind, f"{role} {index}")
        if data is not None and known.is_complete and data.nbytes != known.nbytes:
            raise bad_data(f"{role} {index} has {known.nbytes} bytes, the buffer {data.nbytes}")
        if data is not None and role == "input" and not known.is_complete:
            raise bad_data(f"input {index} has dimensions {list(known.dimensions)}, not all known")
        if known != declared:
            self._types[operand] = known
        buffers[index] = data

    @staticmethod
    def _refined(declared: OperandType, kind: OperandType, role: str) -> OperandType:
        same = (kind.code, kind.scale, kind.zero_point) == (declared.code, declared.scale, declared.zero_point)
        fits = not declared.dimensions or (
            len(kind.dimensions) == len(declared.dimensions)
            and all(known in (0, size) for known, size in zip(declared.dimensions, kind.dimensions, strict=True))
        )
        if not same or not fits:
            raise bad_data(f"{role} is declared as {declared}; {kind} does not fit it")
        return kind

    @staticmethod
    def _position(operands: tuple[int, ...], index: int, role: str) -> int:
        if not 0 <= index < len(operands):
            raise bad_data(f"there is no {role} {index}; the model has {len(operands)}")
        return operands[index]

    def _start(self) -> Callable[[], None]:
        self._require_unstarted()
        if len(self._inputs) != len(self._model.inputs) or len(self._outputs) != len(self._model.outputs):
            raise bad_data("not all inputs and outputs of the execution were set")
        omitted = frozenset(self._model.inputs[index] for index, data in self._inputs.items() if data is None)
        types = tuple(sorted((index, kind) for index, kind in self._types.items() if index in self._model.inputs))
        self._started = True
        compiled = self._compilation.compiled(Signature(types, omitted))
        self._compiled = compiled
        by_operand = {self._model.inputs[index]: data for index, data in self._inputs.items()}
        inputs = [
            _view(by_operand[operand], tensor.shape, tensor.dtype.numpy)
            for operand, tensor in zip(compiled.model.inputs, compiled.model.graph.input_tensors, strict=True)
        ]
        outputs = [
            _output(self._outputs[position], tensor.shape, tensor.dtype.numpy)
            for position, tensor in enumerate(compiled.model.graph.output_tensors)
        ]
        return lambda: self._run(compiled, inputs, outputs)

    def _run(self, compiled: Compiled, inputs: list[Array], outputs: list[Array]) -> None:
        started = perf_counter_ns()
        compiled.executor.run(inputs, outputs)
        self._nanoseconds = perf_counter_ns() - started
        self._completed = True

    def _require_unstarted(self) -> None:
        if self._started:
            raise bad_state("the execution was started; make another one to run again")


class Burst:
    """Executions of one compilation in quick succession, one at a time."""

    def __init__(self, compilation: Compilation) -> None:
        if not compilation.is_finished:
            raise bad_state("the compilation is not finished; it cannot be executed")
        self._compilation = compilation
        self._lock = threading.Lock()

    def compute(self, execution: Execution) -> None:
        """Run an execution of this burst's compilation, and wait for its end."""
        if execution._compilation is not self._compilation:
            raise bad_data("the execution belongs to another compilation than the burst")
        if not self._lock.acquire(blocking=False):
            raise bad_state("the burst runs another execution at this time")
        try:
            execution.compute()
        finally:
            self._lock.release()


def _view(data: NDArray[np.uint8] | None, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
    if data is None:
        raise unexpected_null("an input that the model needs was omitted")
    return data.view(dtype).reshape(shape)


def _output(data: NDArray[np.uint8] | None, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
    if data is None:
        return np.empty(shape, dtype)
    needed = int(np.prod(shape, dtype=np.int64)) * dtype.itemsize
    if data.nbytes < needed:
        raise NnapiError(
            ResultCode.OUTPUT_INSUFFICIENT_SIZE, f"an output needs {needed} bytes, its buffer has {data.nbytes}"
        )
    return data[:needed].view(dtype).reshape(shape)
