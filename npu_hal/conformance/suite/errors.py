"""What is wrong is refused, in words."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from npu_hal.api import Device, DeviceNotFound, Graph, InvalidInput, InvalidOption, Operation, Shape, Tensor
from npu_hal.api.operation import Input, Output
from npu_hal.conformance.case import Case
from npu_hal.conformance.suite.running import assert_right, empty_outputs, run
from npu_hal.conformance.target import Target

_errors = pytest.mark.npu_capability("errors")


class FutureOperation(Operation):
    """A kind that no driver knows, as a later minor version may add one."""

    kind: str = "NPU_HAL_CONFORMANCE_UNKNOWN"
    input: Input
    output: Output

    def infer_shapes(self, tensors: Sequence[Tensor]) -> tuple[Shape, ...]:
        """The input's shape."""
        return (tensors[self.input].shape,)

    def check_types(self, tensors: Sequence[Tensor]) -> None:
        """Anything."""


@_errors
def test_an_unknown_device_is_not_found(conformance_target: Target) -> None:
    """`DeviceNotFound`, with the name that was asked for."""
    with pytest.raises(DeviceNotFound, match="npu-hal-conformance-no-such-device"):
        conformance_target.open(device="npu-hal-conformance-no-such-device")


@_errors
def test_an_unknown_option_is_refused(conformance_target: Target) -> None:
    """`InvalidOption`, with the option's name."""
    options = {**conformance_target.options, "npu_hal_conformance_no_such_option": "1"}
    with pytest.raises(InvalidOption, match="npu_hal_conformance_no_such_option"):
        conformance_target.open(options=options)


@_errors
def test_an_operation_of_a_later_version_is_refused(conformance_device: Device, supported_case: Case) -> None:
    """With a reason, not an exception: the driver is asked, and has never heard of it."""
    graph = supported_case.graph
    unknown = FutureOperation(input=graph.inputs[0], output=graph.outputs[0])
    operations: Any = (unknown,)
    answer = conformance_device.supports(operations[0], graph.model_copy(update={"operations": operations}))
    assert not answer
    assert answer.reason.strip()


def _changed(case: Case, how: str) -> Any:
    first, *rest = case.inputs
    return {
        "missing": list(rest),
        "too-many": [*case.inputs, first],
        "shape": [np.zeros((*first.shape, 2), first.dtype), *rest],
        "type": [first.astype(np.float64), *rest],
        "layout": [np.stack([first, first], axis=-1)[..., 0], *rest],
    }[how]


@_errors
@pytest.mark.parametrize("how", ["missing", "too-many", "shape", "type", "layout"])
def test_inputs_that_do_not_fit_are_refused(how: str, conformance_device: Device, supported_case: Case) -> None:
    """`InvalidInput` before anything runs; the subgraph goes on working."""
    with conformance_device.create_subgraph(supported_case.graph) as subgraph:
        with pytest.raises(InvalidInput):
            subgraph.invoke(_changed(supported_case, how))
        assert_right(supported_case, run(subgraph, supported_case), conformance_device.tolerance)


@_errors
@pytest.mark.parametrize("how", ["missing", "shape", "type", "read-only"])
def test_outputs_that_do_not_fit_are_refused(how: str, conformance_device: Device, supported_case: Case) -> None:
    """`InvalidInput`; the subgraph goes on working."""
    outputs = empty_outputs(supported_case)
    if how == "missing":
        outputs.pop()
    elif how == "shape":
        outputs[0] = np.zeros((*outputs[0].shape, 2), outputs[0].dtype)
    elif how == "type":
        outputs[0] = outputs[0].astype(np.float64)
    else:
        outputs[0].flags.writeable = False
    with conformance_device.create_subgraph(supported_case.graph) as subgraph:
        subgraph.invoke(supported_case.inputs)
        with pytest.raises(InvalidInput):
            subgraph.read_outputs(outputs)
        assert_right(supported_case, run(subgraph, supported_case), conformance_device.tolerance)


@_errors
def test_a_graph_without_operations_is_no_reason_to_fail(conformance_device: Device) -> None:
    """It computes nothing, of nothing."""
    empty = Graph(tensors=(), operations=(), inputs=(), outputs=())
    with conformance_device.create_subgraph(empty) as subgraph:
        subgraph.invoke([])
        subgraph.read_outputs([])
