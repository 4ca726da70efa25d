"""The operators that the runtime is about to run, in order."""

from ctypes import addressof, byref, c_void_p, string_at
from dataclasses import dataclass

from npu_hal.api import InvalidState
from npu_hal.tflite.operators import OperatorView
from teflon.builtin_options import read_options
from teflon.tflite_abi import TfLiteContext, TfLiteNode, TfLiteRegistration, read_ints


@dataclass(frozen=True, slots=True)
class PlannedNode:
    """A node of the execution plan: its index in the runtime, and the operator that it runs."""

    index: int
    view: OperatorView


def read_execution_plan(context: TfLiteContext) -> tuple[PlannedNode, ...]:
    """The nodes of the execution plan; `InvalidState` if the runtime does not give them."""
    plan = c_void_p()
    if context.GetExecutionPlan(addressof(context), byref(plan)):
        raise InvalidState("the runtime does not tell its execution plan")
    return tuple(_read_node(context, index) for index in read_ints(plan.value))


def _read_node(context: TfLiteContext, index: int) -> PlannedNode:
    node_address, registration_address = c_void_p(), c_void_p()
    failed = context.GetNodeAndRegistration(addressof(context), index, byref(node_address), byref(registration_address))
    if failed or not node_address.value or not registration_address.value:
        raise InvalidState(f"the runtime does not tell what node {index} of its execution plan is")
    node = TfLiteNode.from_address(node_address.value)
    registration = TfLiteRegistration.from_address(registration_address.value)
    custom_name: bytes | None = registration.custom_name
    return PlannedNode(
        index,
        OperatorView(
            code=registration.builtin_code,
            custom_name=(custom_name or b"").decode(errors="replace"),
            version=registration.version,
            inputs=read_ints(node.inputs),
            outputs=read_ints(node.outputs),
            options=read_options(registration.builtin_code, registration.version, node.builtin_data),
            intermediates=read_ints(node.intermediates),
            custom_options=_custom_options(node),
        ),
    )


def _custom_options(node: TfLiteNode) -> bytes:
    if not node.custom_initial_data or node.custom_initial_data_size <= 0:
        return b""
    return string_at(node.custom_initial_data, node.custom_initial_data_size)
