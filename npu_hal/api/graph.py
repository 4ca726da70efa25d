"""Graphs: the unit that a driver compiles."""

from collections.abc import Iterable, Sequence
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import TypeAdapter
from pydantic_core import core_schema

from npu_hal.api import operations as kinds
from npu_hal.api.errors import InvalidGraph
from npu_hal.api.model import ImmutableModel
from npu_hal.api.operation import Operation
from npu_hal.api.tensor import Tensor

if TYPE_CHECKING:
    from npu_hal.api.operations import AnyOperation
else:
    # While a program runs, their base stands for the union of all kinds, so that only those in use are imported.
    AnyOperation = Operation


class _Operations:
    """Validates a tuple of operations without building the validators of all kinds, which takes long.

    Operations are validated when they are made; only plain data needs the union of the kinds.
    """

    @staticmethod
    def is_exact(values: tuple[Any, ...]) -> bool:
        """Whether validation would give the operations back as they are."""
        return all(kinds.is_operation(value) for value in values)

    @staticmethod
    def __get_pydantic_core_schema__(source: Any, handler: Any) -> core_schema.CoreSchema:
        return core_schema.no_info_plain_validator_function(
            _validate_operations,
            serialization=core_schema.plain_serializer_function_ser_schema(_dump_operations, info_arg=True),
        )


def _validate_operations(values: Any) -> tuple[Any, ...]:
    if not isinstance(values, list | tuple):
        raise ValueError(f"operations are a sequence, not {type(values).__name__}")
    return tuple(value if kinds.is_operation(value) else _any_operation().validate_python(value) for value in values)


def _dump_operations(operations: Iterable[Any], info: core_schema.SerializationInfo) -> list[dict[str, Any]]:
    return [operation.model_dump(mode=info.mode) for operation in operations]


@cache
def _any_operation() -> TypeAdapter[Any]:
    return TypeAdapter(kinds.AnyOperation)


class Graph(ImmutableModel):
    """A validated graph of operations over tensors, in topological order.

    Operations refer to tensors by index. Every tensor is a graph input, a constant, or the output of one operation;
    each operation comes after those that compute its inputs; graph outputs are computed by operations, and different
    from each other. An operation's declared outputs have the shapes and types that its inputs and attributes give.
    An invalid graph cannot be built: the constructor raises `InvalidGraph`, which names the operation and the tensor.
    """

    name: str = "graph"
    tensors: tuple[Tensor, ...]
    operations: Annotated[tuple[AnyOperation, ...], _Operations]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]

    def _check(self) -> None:
        available = self._check_inputs()
        produced: set[int] = set()
        for position, operation in enumerate(self.operations):
            label = f"operation {position} ({operation.kind})"
            for index in (*operation.inputs, *operation.outputs):
                if index >= len(self.tensors):
                    raise InvalidGraph(f"{label} uses tensor {index}; the graph has {len(self.tensors)} tensors")
            for index in operation.inputs:
                if index not in available and not self.tensors[index].is_constant:
                    raise InvalidGraph(
                        f"{label} reads tensor {index} {self.tensors[index].name!r} before anything has computed it"
                    )
            for index in operation.outputs:
                if index in available or self.tensors[index].is_constant:
                    raise InvalidGraph(
                        f"{label} writes tensor {index} {self.tensors[index].name!r}, which is an input, a constant "
                        f"or another operation's output"
                    )
                available.add(index)
                produced.add(index)
            try:
                operation.check(self.tensors)
            except InvalidGraph as error:
                raise InvalidGraph(f"{label}: {error}") from None
        self._check_outputs(produced)

    def _check_inputs(self) -> set[int]:
        for index in self.inputs:
            if not 0 <= index < len(self.tensors):
                raise InvalidGraph(f"graph input {index}: the graph has {len(self.tensors)} tensors")
            if self.tensors[index].is_constant:
                raise InvalidGraph(f"graph input {index} {self.tensors[index].name!r} is a constant")
        if len(set(self.inputs)) != len(self.inputs):
            raise InvalidGraph(f"graph inputs {list(self.inputs)} are not different from each other")
        return set(self.inputs)

    def _check_outputs(self, produced: set[int]) -> None:
        for index in self.outputs:
            if index not in produced:
                raise InvalidGraph(f"graph output {index} is computed by no operation")
        if len(set(self.outputs)) != len(self.outputs):
            raise InvalidGraph(f"graph outputs {list(self.outputs)} are not different from each other")

    @property
    def input_tensors(self) -> tuple[Tensor, ...]:
        """The tensors of the graph's inputs, in order."""
        return tuple(self.tensors[index] for index in self.inputs)

    @property
    def output_tensors(self) -> tuple[Tensor, ...]:
        """The tensors of the graph's outputs, in order."""
        return tuple(self.tensors[index] for index in self.outputs)

    def producers(self) -> dict[int, int]:
        """For each computed tensor, the position of the operation that computes it."""
        return {index: position for position, operation in enumerate(self.operations) for index in operation.outputs}

    def consumers(self) -> dict[int, list[int]]:
        """For each tensor that operations read, their positions in ascending order, each once."""
        readers: dict[int, list[int]] = {}
        for position, operation in enumerate(self.operations):
            for index in dict.fromkeys(operation.inputs):
                readers.setdefault(index, []).append(position)
        return readers

    def extract(self, positions: Sequence[int], name: str | None = None) -> tuple["Graph", tuple[int, ...]]:
        """The operations at `positions` as a graph of their own.

        Its inputs are the tensors that they read and do not compute; its outputs those that other operations read or
        that are outputs of this graph. Constants are shared, not copied. Returns the graph and, for each of its
        tensors, the index of that tensor in this graph. Raises `InvalidGraph` if `positions` are not ascending and
        different.
        """
        if list(positions) != sorted(set(positions)):
            raise InvalidGraph(f"positions {list(positions)} are not ascending and different")
        chosen = [self.operations[position] for position in positions]
        inside = set(positions)
        produced = dict.fromkeys(index for operation in chosen for index in operation.outputs)
        read = dict.fromkeys(index for operation in chosen for index in operation.inputs)
        readers = self.consumers()
        inputs = [index for index in read if index not in produced and not self.tensors[index].is_constant]
        outputs = [
            index
            for index in produced
            if index in self.outputs or any(position not in inside for position in readers.get(index, ()))
        ]
        origin = tuple(dict.fromkeys((*inputs, *read, *produced)))
        renumbered = {index: position for position, index in enumerate(origin)}
        graph = Graph(
            name=name or self.name,
            tensors=tuple(self.tensors[index] for index in origin),
            operations=tuple(operation.renumbered(renumbered.__getitem__) for operation in chosen),
            inputs=tuple(renumbered[index] for index in inputs),
            outputs=tuple(renumbered[index] for index in outputs),
        )
        return graph, origin
