"""Operations: refused with a reason, or right within the declared tolerance."""

import pytest

from npu_hal.api import Device, Support, UnsupportedOperation
from npu_hal.conformance.capability import Capability
from npu_hal.conformance.case import Case, load_cases
from npu_hal.conformance.markers import REFUSED
from npu_hal.conformance.suite.running import assert_right, run

_CASES = [
    pytest.param(case, id=f"{case.capability}:{case.name}", marks=pytest.mark.npu_capability(str(case.capability)))
    for capability in Capability
    for case in load_cases(capability)
]


@pytest.mark.parametrize("case", _CASES)
def test_operations_are_refused_with_a_reason_or_right(case: Case, conformance_device: Device) -> None:
    """What `supports` accepts compiles and is right; what it refuses is refused by `create_subgraph` as well."""
    answers = [conformance_device.supports(operation, case.graph) for operation in case.graph.operations]
    assert all(isinstance(answer, Support) for answer in answers), "supports answers with a Support"
    refusals = [answer.reason for answer in answers if not answer]
    if refusals:
        assert all(reason.strip() for reason in refusals), "a refusal comes without a reason"
        with pytest.raises(UnsupportedOperation):
            conformance_device.create_subgraph(case.graph)
        pytest.skip(f"{REFUSED}{refusals[0]}")
    with conformance_device.create_subgraph(case.graph) as subgraph:
        for _ in range(2):
            assert_right(case, run(subgraph, case), conformance_device.tolerance)
