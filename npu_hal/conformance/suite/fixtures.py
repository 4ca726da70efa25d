"""Fixtures that the tests use; a driver's repository overrides `conformance_target`."""

from collections.abc import Iterator

import pytest

from npu_hal.api import Device
from npu_hal.conformance.capability import Capability
from npu_hal.conformance.case import Case, load_cases
from npu_hal.conformance.plugin import TARGET
from npu_hal.conformance.target import Target
from npu_hal.selection import select


@pytest.fixture(scope="session")
def conformance_target(pytestconfig: pytest.Config) -> Target:
    """What is tested: unless overridden, what the command line names, or TEFLON_DRIVER and TEFLON_DEVICE."""
    given = pytestconfig.stash.get(TARGET, None)
    if given is not None:
        return given
    selection = select()
    return Target(selection.driver.name, selection.device)


@pytest.fixture(scope="session")
def conformance_device(conformance_target: Target) -> Iterator[Device]:
    """The device, opened once for all tests that leave it as it was."""
    with conformance_target.open() as device:
        yield device


@pytest.fixture(scope="session")
def supported_case(conformance_device: Device) -> Case:
    """The first recorded case that the device supports; a device that supports none fails."""
    for capability in Capability:
        for case in load_cases(capability):
            if all(conformance_device.supports(operation, case.graph) for operation in case.graph.operations):
                return case
    pytest.fail(f"{conformance_device.info.name} supports none of the recorded cases")
