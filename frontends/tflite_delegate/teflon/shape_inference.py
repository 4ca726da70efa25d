"""The operations of an execution plan, and the shapes of all that they compute.

A runtime that lets delegates cope with dynamic tensors applies them before it has computed any shape: what it says of
computed tensors is what the model's file says, or what was so before an input was resized. So shapes are inferred here,
operator by operator, from those of the tensors that are given, and shapes that a model computes of shapes are folded.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from npu_hal.api import InvalidGraph, UnsupportedOperation
from npu_hal.tflite.converters.operands import ComputedAttribute
from npu_hal.tflite.folding import fold
from npu_hal.tflite.operators import convert_operator, operator_name
from teflon.execution_plan import PlannedNode
from teflon.tensor_table import TensorTable
from teflon.tflite_abi import AllocationType, read_ints

if TYPE_CHECKING:
    from npu_hal.api import AnyOperation


@dataclass(frozen=True, slots=True)
class InferredPlan:
    """What is known of a plan before it runs, by node index in plan order.

    `operations` are those to run; `folded` maps nodes whose result is known to the tensor that has it, which is a
    constant in `tensors`; `refusals` says why the interface cannot express a node.
    """

    tensors: TensorTable
    operations: "dict[int, AnyOperation]"
    folded: dict[int, int]
    refusals: dict[int, str]


def infer_plan(plan: Sequence[PlannedNode], tensors: TensorTable, is_prepared: bool) -> InferredPlan:
    """Convert the operators of `plan`, and infer the shapes of what they compute in `tensors`, a table just made.

    Tensors that no operator of the plan computes have the shapes that the runtime says; so do those of operators that
    cannot be expressed, unless it is certain that their shapes are known only when the model runs. `is_prepared` tells
    that the runtime has prepared those operators, so that it knows better than the model's file.
    """
    inferred = InferredPlan(tensors, {}, {}, {})
    computed: set[int] = set()
    for node in plan:
        try:
            operation = convert_operator(node.view, tensors)
            _require_writable(operation, tensors, computed)
            for index, shape in zip(operation.outputs, operation.infer_shapes(tensors), strict=True):
                tensors.infer(index, shape)
            operation.check(tensors)
        except (UnsupportedOperation, InvalidGraph) as error:
            inferred.refusals[node.index] = str(error)
            for index in node.view.outputs:
                if index >= 0 and index not in computed:
                    tensors.leave(index, _unknown_shape(index, node, tensors, error, is_prepared))
            continue
        computed.update(operation.outputs)
        value = fold(operation, tensors)
        if value is None:
            inferred.operations[node.index] = operation
        else:
            (output,) = operation.outputs
            tensors.make_constant(output, value)
            inferred.folded[node.index] = output
    return inferred


def _unknown_shape(
    index: int, node: PlannedNode, tensors: TensorTable, error: Exception, is_prepared: bool
) -> str | None:
    """Why the shape of an output of `node`, which the runtime computes, is not known; None if it is."""
    name = operator_name(node.view)
    if isinstance(error, ComputedAttribute) or any(input_index in tensors.unknown for input_index in node.view.inputs):
        return f"the shape of {tensors.label(index)} is known only when the model runs: {name} computes it from data"
    if is_prepared:
        return None
    native = tensors.native(index)
    if native.allocation_type == AllocationType.DYNAMIC:
        return f"{tensors.label(index)} is dynamic: its shape is known only when the model runs"
    # A computed scalar cannot be told from a tensor whose shape the converter did not know.
    if not read_ints(native.dims):
        return f"the model does not tell the shape of {tensors.label(index)}, which {name} computes"
    return None


def _require_writable(operation: "AnyOperation", tensors: TensorTable, computed: set[int]) -> None:
    for index in operation.outputs:
        if index in computed or tensors[index].is_constant:
            raise UnsupportedOperation(
                f"it writes tensor {index} {tensors[index].name!r}, which is a constant or another operator's output"
            )
