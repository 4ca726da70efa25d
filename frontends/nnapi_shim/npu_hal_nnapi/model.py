"""Models: operands and operations, collected call by call."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from npu_hal.api import Graph
from npu_hal_nnapi.codes import OperandCode, OperationCode
from npu_hal_nnapi.errors import bad_data, bad_state, unexpected_null
from npu_hal_nnapi.lowering import GraphLowering, Operation, lower_operation, lowering_of
from npu_hal_nnapi.memory import Memory
from npu_hal_nnapi.operand import MAX_COPIED_BYTES, Lifetime, Operand, OperandType

Bytes = NDArray[np.uint8]


class Model:
    """A model under construction, and after `finish` a model to compile.

    Every method raises `NnapiError`: BAD_STATE after `finish` (or before, where a finished model is asked for),
    BAD_DATA for arguments that are not what they must be, UNEXPECTED_NULL for a missing value.
    """

    def __init__(self) -> None:
        self.operands: list[Operand] = []
        self.operations: tuple[Operation, ...] = ()
        self.inputs: tuple[int, ...] = ()
        self.outputs: tuple[int, ...] = ()
        self.relaxed = False
        self._pending: list[Operation] = []
        self._identified = False
        self._finished = False

    @property
    def is_finished(self) -> bool:
        """Whether `finish` succeeded."""
        return self._finished

    def add_operand(self, kind: OperandType) -> int:
        """Add an operand; its index."""
        self._require_unfinished()
        self.operands.append(Operand(kind))
        return len(self.operands) - 1

    def set_operand_value(self, index: int, value: Any | None, length: int | None = None) -> None:
        """Give an operand a constant value: anything with a buffer, of the operand's size in bytes, or None to omit it.

        Values of up to 128 bytes are copied; a larger buffer is read in place and has to stay until executions end.
        """
        if value is None:
            if length:
                raise unexpected_null(f"operand {index} is to have {length} bytes, but there is no buffer")
            self._constant(index).lifetime = Lifetime.OMITTED
            return
        data = as_bytes(value)
        self._set_bytes(index, data.copy() if data.nbytes <= MAX_COPIED_BYTES else data)

    def set_operand_value_from_memory(self, index: int, memory: Memory, offset: int, length: int) -> None:
        """Give an operand a constant value that lies in a memory."""
        self._set_bytes(index, memory.constant(offset, length))

    def set_operand_value_from_model(self, index: int, value: "Model") -> None:
        """Give an operand of type MODEL a finished model, which control flow refers to; no driver runs that."""
        if self._constant(index).type.code is not OperandCode.MODEL:
            raise bad_data(f"operand {index} is of type {self.operands[index].type.code.name}, not MODEL")
        if not value.is_finished:
            raise bad_state("the model that is to be a value is not finished")
        self.operands[index].lifetime = Lifetime.CONSTANT

    def set_extension_data(self, index: int) -> None:
        """BAD_DATA: operands that extensions define are unknown here."""
        kind = self._constant(index).type
        raise bad_data(f"operand {index} of type {kind.code.name} has no extension data; there are no extensions")

    def check_channel_quantization(self, index: int, dimension: int, count: int) -> None:
        """Check that an operand can have `count` scales along a dimension, before reading them."""
        operand = self._operand(index)
        if operand.type.code is not OperandCode.TENSOR_QUANT8_SYMM_PER_CHANNEL:
            raise bad_data(f"operand {index} of type {operand.type.code.name} is not quantised per channel")
        dimensions = operand.type.dimensions
        if not 0 <= dimension < len(dimensions) or not 0 < count == dimensions[dimension]:
            raise bad_data(f"{count} scales along axis {dimension} do not fit dimensions {list(dimensions)}")

    def set_channel_quantization(self, index: int, dimension: int, scales: Sequence[float]) -> None:
        """Give the scales of an operand that is quantised per channel."""
        self.check_channel_quantization(index, dimension, len(scales))
        if any(not np.isfinite(scale) or scale <= 0 for scale in scales):
            raise bad_data("scales must be finite and above 0")
        operand = self.operands[index]
        operand.channel_dimension = dimension
        operand.channel_scales = tuple(float(np.float32(scale)) for scale in scales)

    def check_operation(self, code: int, inputs: int, outputs: int) -> OperationCode:
        """Check that there is such a kind of operation with so many operands, before reading them."""
        self._require_unfinished()
        try:
            kind = OperationCode(code)
        except ValueError:
            raise bad_data(f"{code} is no kind of operation") from None
        if not lowering_of(kind).accepts(inputs, outputs):
            raise bad_data(f"an operation of kind {kind.name} has not {inputs} inputs and {outputs} outputs")
        return kind

    def add_operation(self, code: int, inputs: Sequence[int], outputs: Sequence[int]) -> None:
        """Add an operation; operations may come in any order."""
        kind = self.check_operation(code, len(inputs), len(outputs))
        for index in (*inputs, *outputs):
            self._operand(index)
        self._pending.append(Operation(kind, tuple(inputs), tuple(outputs)))

    def identify_inputs_and_outputs(self, inputs: Sequence[int], outputs: Sequence[int]) -> None:
        """Say which operands are the model's inputs and outputs."""
        self._require_unfinished()
        if self._identified:
            raise bad_state("inputs and outputs were identified already")
        if len({*inputs, *outputs}) != len(inputs) + len(outputs):
            raise bad_data(f"inputs {list(inputs)} and outputs {list(outputs)} are not all different")
        for index in (*inputs, *outputs):
            operand = self._operand(index)
            if operand.lifetime is not Lifetime.TEMPORARY:
                raise bad_data(f"operand {index} has a value; it cannot be an input or output")
            if operand.type.code is OperandCode.MODEL or (operand.type.is_scalar and index in outputs):
                raise bad_data(f"operand {index} of type {operand.type.code.name} cannot be an input or output")
        for index in inputs:
            self.operands[index].lifetime = Lifetime.INPUT
        for index in outputs:
            self.operands[index].lifetime = Lifetime.OUTPUT
        self.inputs, self.outputs = tuple(inputs), tuple(outputs)
        self._identified = True

    def relax_float32(self, allow: bool) -> None:
        """Allow float32 to be computed as if it had the range and precision of float16."""
        self._require_unfinished()
        self.relaxed = allow

    def finish(self) -> None:
        """Check the model and let nothing more be changed."""
        self._require_unfinished()
        if not self._identified:
            raise bad_data("the model's inputs and outputs were not identified")
        self._check_channel_quantization()
        self.operations = self._in_order()
        self._finished = True

    def lower(
        self, types: Mapping[int, OperandType] | None = None, omitted: frozenset[int] = frozenset()
    ) -> "LoweredModel":
        """The model as a graph, for inputs of these types (default: as declared), some of them omitted.

        Raises `UnsupportedOperation` that names the operation, or `InvalidGraph`.
        """
        graph = GraphLowering(self.operands, types or {}, omitted)
        inputs = [index for index in self.inputs if not graph.is_omitted(index)]
        for index in inputs:
            graph.add_input(index)
        for operation in self.operations:
            lower_operation(graph, operation)
        outputs = [graph.tensor(index) for index in self.outputs]
        return LoweredModel(graph.builder.build(outputs), tuple(inputs))

    def lower_alone(self, operation: Operation) -> Graph:
        """A graph of one of the operations; whatever it reads that is no constant is an input, of declared type."""
        graph = GraphLowering(self.operands, {}, frozenset())
        for index in dict.fromkeys(operation.inputs):
            if self.operands[index].lifetime not in (Lifetime.CONSTANT, Lifetime.OMITTED):
                graph.add_input(index)
        lower_operation(graph, operation)
        return graph.builder.build([graph.tensor(index) for index in operation.outputs])

    def _require_unfinished(self) -> None:
        if self._finished:
            raise bad_state("the model is finished; it cannot be changed")

    def _operand(self, index: int) -> Operand:
        self._require_unfinished()
        if not 0 <= index < len(self.operands):
            raise bad_data(f"there is no operand {index}; the model has {len(self.operands)}")
        return self.operands[index]

    def _constant(self, index: int) -> Operand:
        operand = self._operand(index)
        if operand.lifetime in (Lifetime.INPUT, Lifetime.OUTPUT):
            raise bad_data(f"operand {index} is an input or output of the model; it cannot have a value")
        return operand

    def _set_bytes(self, index: int, data: Bytes) -> None:
        operand = self._constant(index)
        if not operand.type.is_complete and data.nbytes:
            raise bad_data(f"operand {index} has dimensions {list(operand.type.dimensions)}, not all known")
        if data.nbytes != operand.type.nbytes:
            raise bad_data(f"operand {index} has {operand.type.nbytes} bytes, the value {data.nbytes}")
        operand.value = data.view(operand.type.numpy).reshape(operand.type.dimensions)
        operand.lifetime = Lifetime.CONSTANT

    def _check_channel_quantization(self) -> None:
        for index, operand in enumerate(self.operands):
            if operand.type.code is OperandCode.TENSOR_QUANT8_SYMM_PER_CHANNEL and operand.channel_dimension is None:
                raise bad_data(f"operand {index} is quantised per channel, but its scales were not given")

    def _in_order(self) -> tuple[Operation, ...]:
        """The operations, each after those that compute what it reads; BAD_DATA if there is no such order."""
        known = {
            index
            for index, operand in enumerate(self.operands)
            if operand.lifetime in (Lifetime.CONSTANT, Lifetime.OMITTED, Lifetime.INPUT)
        }
        written: set[int] = set()
        for operation in self._pending:
            for index in operation.outputs:
                if index in known or index in written:
                    raise bad_data(f"operand {index} is written, but has a value already or is written twice")
                written.add(index)
        order: list[Operation] = []
        waiting = self._pending
        while waiting:
            left = []
            for operation in waiting:
                if known.issuperset(operation.inputs):
                    order.append(operation)
                    known.update(operation.outputs)
                else:
                    left.append(operation)
            if len(left) == len(waiting):
                raise bad_data("operations read what nothing computes, or what they compute themselves")
            waiting = left
        missing = [index for index in self.outputs if index not in written]
        if missing:
            raise bad_data(f"output operand {missing[0]} is computed by no operation")
        return tuple(order)


class LoweredModel(NamedTuple):
    """A model as a graph for inputs of certain types; `inputs` are the operands of the graph's inputs."""

    graph: Graph
    inputs: tuple[int, ...]


def as_bytes(value: Any) -> Bytes:
    """Anything with a contiguous buffer as bytes, not copied; BAD_DATA for anything else."""
    if type(value) is np.ndarray and value.dtype == np.uint8 and value.ndim == 1 and value.flags.c_contiguous:
        return value
    try:
        view = memoryview(value)
        # A buffer without elements cannot be cast, and has no bytes to view.
        return np.frombuffer(view.cast("B"), np.uint8) if view.nbytes else np.empty(0, np.uint8)
    except (TypeError, ValueError) as error:
        raise bad_data(f"{type(value).__name__} is no contiguous buffer: {error}") from None
