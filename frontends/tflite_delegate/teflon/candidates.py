"""Which operators of a model a device takes, and the graphs that they make."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from npu_hal.api import AnyOperation, Device, Graph, InvalidGraph, Tensor, UnsupportedOperation
from npu_hal.tflite.operators import convert_operator
from teflon.execution_plan import PlannedNode


@dataclass(frozen=True, slots=True)
class BoundGraph:
    """A graph, and the runtime's indices of the tensors that are its inputs and outputs, in the graph's order."""

    graph: Graph
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Candidates:
    """The operations that a device takes, by node index in plan order, and why it does not take the others."""

    tensors: Sequence[Tensor]
    operations: Mapping[int, AnyOperation]
    refusals: Mapping[int, str]

    def graph(self, nodes: Iterable[int], outputs: Iterable[int], name: str) -> BoundGraph:
        """The graph of the operations of `nodes`, which are in plan order, that gives the tensors `outputs`."""
        return build_graph(self.tensors, [self.operations[node] for node in nodes], outputs, name)


def find_candidates(plan: Sequence[PlannedNode], tensors: Sequence[Tensor], device: Device) -> Candidates:
    """Ask `device` about each operator of `plan` that the driver interface can express."""
    operations: dict[int, AnyOperation] = {}
    refusals: dict[int, str] = {}
    computed: set[int] = set()
    for node in plan:
        try:
            operation = convert_operator(node.view, tensors)
            operation.check(tensors)
            _require_writable(operation, tensors, computed)
        except (UnsupportedOperation, InvalidGraph) as error:
            refusals[node.index] = str(error)
            continue
        operations[node.index] = operation
        computed.update(operation.outputs)
    if operations:
        left_over = {index for node in plan if node.index in refusals for index in node.view.inputs}
        graph = build_graph(tensors, list(operations.values()), _results(operations.values(), left_over), "model").graph
        for index, operation in zip(list(operations), graph.operations, strict=True):
            support = device.supports(operation, graph)
            if not support:
                refusals[index] = support.reason or "the device does not support it"
                del operations[index]
    return Candidates(tensors, operations, dict(sorted(refusals.items())))


def build_graph(
    tensors: Sequence[Tensor], operations: Sequence[AnyOperation], outputs: Iterable[int], name: str
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


def _require_writable(operation: AnyOperation, tensors: Sequence[Tensor], computed: set[int]) -> None:
    for index in operation.outputs:
        if index in computed or tensors[index].is_constant:
            raise UnsupportedOperation(
                f"it writes tensor {index} {tensors[index].name!r}, which is a constant or another operator's output"
            )


def _results(operations: Iterable[AnyOperation], left_over: set[int]) -> list[int]:
    """The computed tensors that somebody else reads, or nobody: the latter are the model's outputs.

    The runtime does not tell a delegate which tensors are the model's outputs.
    """
    chosen = list(operations)
    read = {index for operation in chosen for index in operation.inputs}
    return [index for operation in chosen for index in operation.outputs if index in left_over or index not in read]
