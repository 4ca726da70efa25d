"""Executions: one run of a compiled model over the caller's buffers."""

from collections.abc import Sequence
from enum import Enum, auto
from time import perf_counter_ns
from typing import Any

import numpy as np
from numpy.typing import NDArray

from npu_hal.api import Array, NpuHalError
from npu_hal_nnapi.codes import DurationCode, ResultCode
from npu_hal_nnapi.compilation import AS_DECLARED, Buffer, Compilation, Compiled, Signature
from npu_hal_nnapi.errors import NnapiError, bad_data, bad_state, raise_nnapi_error, result_code, unexpected_null
from npu_hal_nnapi.event import Event, ExecutionEvent
from npu_hal_nnapi.memory import Memory, Role
from npu_hal_nnapi.model import as_bytes
from npu_hal_nnapi.operand import OperandType

UNKNOWN_DURATION = 2**64 - 1

Bytes = NDArray[np.uint8]


class _Stage(Enum):
    PREPARATION = auto()
    COMPUTATION = auto()
    COMPLETED = auto()


class Execution:
    """One run: set every input and output, then compute.

    Buffers are anything with a writable (outputs) contiguous buffer of the operand's size in bytes; they are used in
    place. Methods raise `NnapiError` with the codes of the specification.
    """

    __slots__ = (
        "_arguments",
        "_compilation",
        "_compiled",
        "_is_as_declared",
        "_measures",
        "_model",
        "_nanoseconds",
        "_read",
        "_result",
        "_stage",
        "_types",
        "_written",
    )

    def __init__(self, compilation: Compilation) -> None:
        if not compilation.is_finished:
            raise bad_state("the compilation is not finished; it cannot be executed")
        self._compilation = compilation
        self._model = compilation.model
        self._arguments: dict[Role, dict[int, Bytes | None]] = {"input": {}, "output": {}}
        self._types: dict[int, OperandType] | None = None
        self._read: list[Memory] = []
        self._written: list[Memory] = []
        self._compiled: Compiled | None = None
        # Whether no input is omitted, and none has dimensions that the model left open.
        self._is_as_declared = True
        self._stage = _Stage.PREPARATION
        self._result = ResultCode.NO_ERROR
        self._measures = False
        self._nanoseconds = UNKNOWN_DURATION

    @property
    def compilation(self) -> Compilation:
        """What is executed."""
        return self._compilation

    def set_input(self, index: int, buffer: Any | None, kind: OperandType | None = None) -> None:
        """Read the model's input number `index` from a buffer; None omits it. `kind` gives dimensions left open."""
        self.set_bytes("input", index, None if buffer is None else as_bytes(buffer), kind)

    def set_input_from_memory(
        self, index: int, memory: Memory, offset: int, length: int, kind: OperandType | None = None
    ) -> None:
        """Read the model's input number `index` from a memory."""
        self.set_bytes("input", index, memory.argument(self._compilation, "input", index, offset, length), kind)
        self._read.append(memory)

    def set_output(self, index: int, buffer: Any | None, kind: OperandType | None = None) -> None:
        """Write the model's output number `index` to a buffer; None discards it."""
        data = None if buffer is None else as_bytes(buffer)
        if data is not None and data.nbytes and not data.flags.writeable:
            raise bad_data(f"the buffer for output {index} is read-only")
        self.set_bytes("output", index, data, kind)

    def set_output_from_memory(
        self, index: int, memory: Memory, offset: int, length: int, kind: OperandType | None = None
    ) -> None:
        """Write the model's output number `index` to a memory."""
        self.set_bytes("output", index, memory.argument(self._compilation, "output", index, offset, length), kind)
        self._written.append(memory)

    def set_measure_timing(self, measure: bool) -> None:
        """Ask for the duration of the execution; BAD_DATA unless one device was chosen."""
        self._require_one_device("its executions are timed")
        self._require_preparation()
        self._measures = measure

    def set_timeout(self, nanoseconds: int) -> None:
        """Bound the time of the execution: BAD_DATA unless one device was chosen, and then a hint."""
        self._require_one_device("its executions have a time-out")
        self._require_preparation()

    def set_loop_timeout(self, nanoseconds: int) -> None:
        """Bound the time of each WHILE loop; there are none, as no driver runs them."""
        self._require_preparation()

    def compute(self) -> None:
        """Run, and wait for the end."""
        self._start()
        self._run()

    def start_compute(self) -> Event:
        """Run in the background."""
        self._start()
        return ExecutionEvent(self._run)

    def start_compute_with_dependencies(self, dependencies: Sequence[Event], nanoseconds: int = 0) -> Event:
        """Run in the background once all `dependencies` have ended; OP_FAILED if one of them fails.

        `nanoseconds` bounds the time from then on: BAD_DATA unless 0 or one device was chosen, and then a hint.
        BAD_DATA too if the type of an output is not known.
        """
        self._require_preparation()
        if nanoseconds:
            self._require_one_device("its executions have a time-out")
        for index, operand in enumerate(self._model.outputs):
            if not self._known_type(operand).is_complete:
                raise bad_data(f"the dimensions of output {index} are not known, as they must be after dependencies")
        self._start()

        def work() -> None:
            # All are waited for, even after a failure: what they write may be in use until then.
            results = [event.wait() for event in dependencies]
            if any(result is not ResultCode.NO_ERROR for result in results):
                error = NnapiError(ResultCode.OP_FAILED, "something that the execution depends on has failed")
                self._complete(error.code)
                raise error
            self._run()

        return ExecutionEvent(work)

    def output_dimensions(self, index: int) -> tuple[int, ...]:
        """The dimensions of an output, once the execution has succeeded or failed for want of space."""
        self._require_completion("its outputs' dimensions")
        if not 0 <= index < len(self._model.outputs):
            raise bad_data(f"there is no output {index}; the model has {len(self._model.outputs)}")
        if self._compiled is None or self._result not in (ResultCode.NO_ERROR, ResultCode.OUTPUT_INSUFFICIENT_SIZE):
            raise bad_state(f"the execution failed with {self._result.name}; its outputs have no dimensions")
        return self._compiled.outputs[index].shape

    def output_fits(self, index: int) -> bool:
        """Whether the buffer for an output was large enough, once the execution is completed."""
        dimensions = self.output_dimensions(index)
        data = self._arguments["output"][index]
        kind = self._model.operands[self._model.outputs[index]].type
        return data is None or data.nbytes >= kind.with_dimensions(dimensions).nbytes

    def duration(self, code: int) -> int:
        """The duration of the completed execution in nanoseconds; all ones if it cannot be told."""
        try:
            kind = DurationCode(code)
        except ValueError:
            raise bad_data(f"{code} is no kind of duration") from None
        self._require_completion("its duration")
        if not self._measures or self._result is not ResultCode.NO_ERROR:
            raise bad_state("the duration was not asked for before the execution, or the execution failed")
        in_driver = kind in (DurationCode.IN_DRIVER, DurationCode.FENCED_DURATION_IN_DRIVER)
        return self._nanoseconds if in_driver else UNKNOWN_DURATION

    def set_bytes(self, role: Role, index: int, data: Bytes | None, kind: OperandType | None) -> None:
        """Set an input or output whose bytes are known to be contiguous, and writable if need be."""
        if self._stage is not _Stage.PREPARATION:
            self._require_preparation()
        operands = self._model.inputs if role == "input" else self._model.outputs
        if not 0 <= index < len(operands):
            raise bad_data(f"there is no {role} {index}; the model has {len(operands)}")
        arguments = self._arguments[role]
        if index in arguments:
            raise bad_state(f"{role} {index} was set already")
        declared = self._model.operands[operands[index]].type
        known = declared if kind is None else _refined(declared, kind, role, index)
        if data is not None:
            if known.is_complete:
                if data.nbytes != known.nbytes:
                    raise bad_data(f"{role} {index} has {known.nbytes} bytes, the buffer {data.nbytes}")
            elif role == "input":
                raise bad_data(f"input {index} has dimensions {list(known.dimensions)}, not all known")
        if known is not declared and known != declared:
            if self._types is None:
                self._types = {}
            self._types[operands[index]] = known
            self._is_as_declared = False
        elif data is None and role == "input":
            self._is_as_declared = False
        arguments[index] = data

    def _known_type(self, operand: int) -> OperandType:
        return (self._types or {}).get(operand, self._model.operands[operand].type)

    def _start(self) -> None:
        """Check that everything is there, and compile for the inputs' types if that is to be done yet."""
        if self._stage is not _Stage.PREPARATION:
            self._require_preparation()
        inputs, outputs = self._arguments["input"], self._arguments["output"]
        if len(inputs) != len(self._model.inputs) or len(outputs) != len(self._model.outputs):
            raise bad_data("not all inputs and outputs of the execution were set")
        if self._read and any(not memory.is_initialized for memory in self._read):
            raise NnapiError(ResultCode.OP_FAILED, "an input is a memory that holds nothing yet")
        self._stage = _Stage.COMPUTATION
        try:
            signature = AS_DECLARED if self._is_as_declared else self._signature()
            self._compiled = self._compilation.compiled(signature)
        except BaseException as error:
            self._complete(result_code(error))
            raise

    def _signature(self) -> Signature:
        inputs = self._arguments["input"]
        model_inputs = self._model.inputs
        omitted = frozenset(model_inputs[index] for index, data in inputs.items() if data is None)
        types = tuple(sorted((index, kind) for index, kind in (self._types or {}).items() if index in model_inputs))
        return Signature(types, omitted)

    def _run(self) -> None:
        assert self._compiled is not None
        started = perf_counter_ns()
        try:
            inputs, outputs = self._arguments["input"], self._arguments["output"]
            self._compiled.run(
                [_input(buffer, inputs[buffer.index]) for buffer in self._compiled.inputs],
                [_output(buffer, outputs[buffer.index]) for buffer in self._compiled.outputs],
            )
        except BaseException as error:
            self._complete(result_code(error))
            if isinstance(error, NpuHalError):
                raise_nnapi_error(error)
            raise
        self._nanoseconds = perf_counter_ns() - started
        self._complete(ResultCode.NO_ERROR)

    def _complete(self, result: ResultCode) -> None:
        self._result = result
        self._stage = _Stage.COMPLETED
        for memory in self._written:
            memory.set_initialized(result is ResultCode.NO_ERROR)

    def _require_preparation(self) -> None:
        if self._stage is not _Stage.PREPARATION:
            raise bad_state("the execution was started; make another one to run again")

    def _require_completion(self, what: str) -> None:
        if self._stage is not _Stage.COMPLETED:
            raise bad_state(f"the execution is not completed; {what} cannot be told")

    def _require_one_device(self, consequence: str) -> None:
        if not self._compilation.is_for_one_device:
            raise bad_data(f"only if a compilation is for one chosen device, {consequence}")


def _refined(declared: OperandType, kind: OperandType, role: Role, index: int) -> OperandType:
    same = (kind.code, kind.scale, kind.zero_point) == (declared.code, declared.scale, declared.zero_point)
    fits = not declared.dimensions or (
        len(kind.dimensions) == len(declared.dimensions)
        and all(known in (0, size) for known, size in zip(declared.dimensions, kind.dimensions, strict=True))
    )
    if not same or not fits:
        raise bad_data(f"{role} {index} is declared as {declared}; {kind} does not fit it")
    return kind


def _input(buffer: Buffer, data: Bytes | None) -> Array:
    if data is None:
        raise unexpected_null("an input that the model needs was omitted")
    return data.view(buffer.dtype).reshape(buffer.shape)


def _output(buffer: Buffer, data: Bytes | None) -> Array:
    if data is None:
        return np.empty(buffer.shape, buffer.dtype)
    if data.nbytes != buffer.nbytes:
        if data.nbytes < buffer.nbytes:
            raise NnapiError(
                ResultCode.OUTPUT_INSUFFICIENT_SIZE,
                f"output {buffer.index} needs {buffer.nbytes} bytes, its buffer has {data.nbytes}",
            )
        data = data[: buffer.nbytes]
    return data.view(buffer.dtype).reshape(buffer.shape)
