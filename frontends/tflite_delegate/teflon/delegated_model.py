"""A model that a delegate has been applied to."""

from collections.abc import Sequence

from npu_hal.api import Device, Graph, UnsupportedOperation
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
        self._device = device
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

    def require_possible(self, nodes: Sequence[int], inferred: InferredPlan) -> None:
        """Raise `UnsupportedOperation` unless `inferred` has an operation or a result for each of `nodes`."""
        for node in nodes:
            if node in inferred.refusals:
                raise UnsupportedOperation(
                    f"{self._describe(node)} is not possible with the shapes that the tensors have now: "
                    f"{inferred.refusals[node]}"
                )

    def require_supported(self, nodes: Sequence[int], graph: Graph) -> None:
        """Raise `UnsupportedOperation` unless the device takes the operations of `graph`, one for each of `nodes`."""
        for node, operation in zip(nodes, graph.operations, strict=True):
            support = self._device.supports(operation, graph)
            if not support:
                raise UnsupportedOperation(
                    f"the device does not run {self._describe(node)} with the shapes that the tensors have now: "
                    f"{support.reason}"
                )

    def _describe(self, index: int) -> str:
        (view,) = (node.view for node in self._plan if node.index == index)
        return f"node {index} {operator_name(view)}"
