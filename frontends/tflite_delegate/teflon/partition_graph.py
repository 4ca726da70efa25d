"""The graphs of operations that a delegate runs in place of the runtime."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from npu_hal.api import Graph, InvalidGraph, Tensor

if TYPE_CHECKING:
    from npu_hal.api import AnyOperation


@dataclass(frozen=True, slots=True)
class BoundGraph:
    """A graph, and the runtime's indices of the tensors that are its inputs and outputs, in the graph's order."""

    graph: Graph
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]


def build_graph(
    tensors: Sequence[Tensor], operations: "Sequence[AnyOperation]", outputs: Iterable[int], name: str
) -> BoundGraph:
    """The graph of `operations`, whose operands are indices of `tensors`, with the given outputs.

    Its inputs are the tensors that are read, not computed, and no constants. Raises `InvalidGraph`.
    """
    computed = dict.fromkeys(index for operation in operations for index in operation.outputs)
    read = dict.fromkeys(index for operation in operations for index in operation.inputs)
    inputs = tuple(index for index in read if index not in computed and not tensors[index].is_constant)
    bound_outputs = tuple(outputs)
    used = tuple(dict.fromkeys((*read, *computed)))
    position = {index: number for number, index in enumerate(used)}
    missing = [index for index in bound_outputs if index not in computed]
    if missing:
        raise InvalidGraph(f"tensor {missing[0]} is to be an output, but none of the operations computes it")
    graph = Graph(
        name=name,
        tensors=tuple(tensors[index] for index in used),
        operations=tuple(operation.renumbered(position.__getitem__) for operation in operations),
        inputs=tuple(position[index] for index in inputs),
        outputs=tuple(position[index] for index in bound_outputs),
    )
    return BoundGraph(graph, inputs, bound_outputs)


def needed_nodes(operations: "Mapping[int, AnyOperation]", outputs: Iterable[int]) -> list[int]:
    """The nodes of `operations`, which are in an order in which they run, that the tensors `outputs` depend on."""
    wanted = set(outputs)
    needed = []
    for node in reversed(list(operations)):
        operation = operations[node]
        if not wanted.isdisjoint(operation.outputs):
            needed.append(node)
            wanted.update(operation.inputs)
    return needed[::-1]


def is_same_graph(one: Graph, other: Graph) -> bool:
    """Whether graphs of the same operators, made at different times, are compiled to the same."""
    return (
        one.operations == other.operations
        and one.inputs == other.inputs
        and one.outputs == other.outputs
        and len(one.tensors) == len(other.tensors)
        and all(map(_is_same_tensor, one.tensors, other.tensors))
    )


def _is_same_tensor(one: Tensor, other: Tensor) -> bool:
    if one is other:
        return True
    if one.name != other.name or one.shape != other.shape or one.dtype != other.dtype:
        return False
    if one.data is None or other.data is None:
        return one.data is other.data
    return np.array_equal(one.data, other.data)
