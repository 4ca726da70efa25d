"""A model that a delegate has been applied to."""

from collections.abc import Container, Sequence

from npu_hal.api import Device, UnsupportedOperation
from npu_hal.tflite.operators import operator_name
from teflon.candidates import find_candidates
from teflon.execution_plan import PlannedNode
from teflon.shape_inference import InferredPlan, infer_plan
from teflon.tensor_table import TensorTable
from teflon.tflite_abi import TfLiteContext


class DelegatedModel:
    """One application of a delegate to one subgraph of a model.

    `candidates` says which nodes the delegate takes, judged by the shapes at that time; `infer` tells of those since.
    """

    def __init__(self, context: TfLiteContext, plan: Sequence[PlannedNode], device: Device) -> None:
        self._plan = tuple(plan)
        self._inferred = infer_plan(self._plan, TensorTable(context), is_prepared=False)
        self._given = self._inferred.tensors.given_shapes()
        self.candidates = find_candidates(self._plan, self._inferred, device)

    def infer(self) -> InferredPlan:
        """What is known of the plan with the shapes that the runtime's tensors have now.

        The same object as before unless a shape has changed that others are inferred from.
        """
        tensors = self._inferred.tensors
        if any(tensors.native_shape(index) != shape for index, shape in self._given.items()):
            self._inferred = infer_plan(self._plan, tensors.anew(), is_prepared=True)
            self._given = self._inferred.tensors.given_shapes()
        return self._inferred

    def require_possible(self, nodes: Container[int], inferred: InferredPlan) -> None:
        """Raise `UnsupportedOperation` unless `inferred` has an operation or a result for each of `nodes`."""
        for node in self._plan:
            if node.index in inferred.refusals and node.index in nodes:
                raise UnsupportedOperation(
                    f"node {node.index} {operator_name(node.view)} is not possible with the shapes that the tensors "
                    f"have now: {inferred.refusals[node.index]}"
                )
