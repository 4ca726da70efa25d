"""Which operators of a model a device takes."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from npu_hal.api import Device
from npu_hal.tflite.operators import operator_name
from teflon.execution_plan import PlannedNode
from teflon.partition_graph import build_graph
from teflon.shape_inference import InferredPlan

if TYPE_CHECKING:
    from npu_hal.api import AnyOperation


@dataclass(frozen=True, slots=True)
class Candidates:
    """The nodes that a delegate takes, in plan order, and why it does not take the others, by node index."""

    nodes: tuple[int, ...]
    refusals: Mapping[int, str]


def find_candidates(plan: Sequence[PlannedNode], inferred: InferredPlan, device: Device) -> Candidates:
    """Ask `device` about each operator of `plan` that the driver interface can express.

    Operators whose result is known go along with those that need it: the device has nothing to do for them.
    """
    refusals = {**inferred.refusals, **_unsupported(plan, inferred, device)}
    readers: defaultdict[int, list[PlannedNode]] = defaultdict(list)
    for node in plan:
        for index in node.view.inputs:
            readers[index].append(node)
    for node in reversed(plan):
        if node.index in inferred.folded:
            left = [reader for reader in readers[inferred.folded[node.index]] if reader.index in refusals]
            if left:
                refusals[node.index] = (
                    f"its result is known beforehand, but node {left[0].index} {operator_name(left[0].view)}, which "
                    f"is left to the runtime, reads it"
                )
    taken = tuple(node.index for node in plan if node.index not in refusals)
    return Candidates(taken, dict(sorted(refusals.items())))


def _unsupported(plan: Sequence[PlannedNode], inferred: InferredPlan, device: Device) -> dict[int, str]:
    operations = inferred.operations
    if not operations:
        return {}
    left_over = {index for node in plan if node.index in inferred.refusals for index in node.view.inputs}
    outputs = _results(operations.values(), left_over)
    graph = build_graph(inferred.tensors, list(operations.values()), outputs, "model").graph
    refusals = {}
    for index, operation in zip(operations, graph.operations, strict=True):
        support = device.supports(operation, graph)
        if not support:
            refusals[index] = support.reason or "the device does not support it"
    return refusals


def _results(operations: "Iterable[AnyOperation]", left_over: set[int]) -> list[int]:
    """The computed tensors that somebody else reads, or nobody: the latter are the model's outputs.

    The runtime does not tell a delegate which tensors are the model's outputs.
    """
    chosen = list(operations)
    read = {index for operation in chosen for index in operation.inputs}
    return [index for operation in chosen for index in operation.outputs if index in left_over or index not in read]
