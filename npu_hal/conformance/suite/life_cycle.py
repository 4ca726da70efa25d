"""The life cycle of devices and subgraphs."""

import numpy as np
import pytest

from npu_hal.api import API_VERSION, ApiVersion, Device, DeviceInfo, Driver, InvalidState
from npu_hal.conformance.case import Case
from npu_hal.conformance.suite.running import assert_right, empty_outputs, run
from npu_hal.conformance.target import Target

_life_cycle = pytest.mark.npu_capability("life-cycle")


@_life_cycle
def test_a_driver_says_who_it_is_and_what_is_there(conformance_target: Target) -> None:
    """Name, version and devices, as often as they are asked for."""
    driver = conformance_target.find()
    assert isinstance(driver, Driver)
    assert driver.name == conformance_target.driver
    assert API_VERSION.accepts(ApiVersion(*driver.api_version))
    devices = driver.probe()
    assert all(isinstance(info, DeviceInfo) and info.name and info.description for info in devices)
    assert len({info.name for info in devices}) == len(devices), "two devices have one name"
    assert [info.name for info in driver.probe()] == [info.name for info in devices]


@_life_cycle
def test_a_device_may_be_closed_twice_and_opened_again(conformance_target: Target, supported_case: Case) -> None:
    """A closed device does not keep the next one from working."""
    for _ in range(2):
        device = conformance_target.open()
        with device.create_subgraph(supported_case.graph) as subgraph:
            assert_right(supported_case, run(subgraph, supported_case), device.tolerance)
        device.close()
        device.close()


@_life_cycle
def test_a_closed_subgraph_refuses_to_run(conformance_device: Device, supported_case: Case) -> None:
    """`InvalidState`, from both halves of an inference; closing again is allowed."""
    subgraph = conformance_device.create_subgraph(supported_case.graph)
    subgraph.close()
    subgraph.close()
    with pytest.raises(InvalidState):
        subgraph.invoke(supported_case.inputs)
    with pytest.raises(InvalidState):
        subgraph.read_outputs(empty_outputs(supported_case))


@_life_cycle
def test_outputs_are_not_read_before_an_inference(conformance_device: Device, supported_case: Case) -> None:
    """`InvalidState`, at first and after the outputs of an inference were read."""
    with conformance_device.create_subgraph(supported_case.graph) as subgraph:
        with pytest.raises(InvalidState):
            subgraph.read_outputs(empty_outputs(supported_case))
        run(subgraph, supported_case)
        with pytest.raises(InvalidState):
            subgraph.read_outputs(empty_outputs(supported_case))


@_life_cycle
def test_inputs_are_left_alone_and_may_change_between_inferences(
    conformance_device: Device, supported_case: Case
) -> None:
    """Buffers of one inference are not those of the next, and only outputs are written."""
    with conformance_device.create_subgraph(supported_case.graph) as subgraph:
        inputs = [array.copy() for array in supported_case.inputs]
        outputs = empty_outputs(supported_case)
        subgraph.invoke(inputs)
        subgraph.read_outputs(outputs)
        for given, kept in zip(inputs, supported_case.inputs, strict=True):
            np.testing.assert_array_equal(given, kept)
        for array in inputs:
            array.fill(0)
        subgraph.invoke(inputs)
        subgraph.read_outputs(empty_outputs(supported_case))
        assert_right(supported_case, outputs, conformance_device.tolerance)
        assert_right(supported_case, run(subgraph, supported_case), conformance_device.tolerance)


@_life_cycle
def test_several_subgraphs_live_side_by_side(conformance_device: Device, supported_case: Case) -> None:
    """Inferences of two subgraphs of one device may overlap."""
    with (
        conformance_device.create_subgraph(supported_case.graph) as one,
        conformance_device.create_subgraph(supported_case.graph) as other,
    ):
        results = [empty_outputs(supported_case) for _ in range(2)]
        one.invoke(supported_case.inputs)
        other.invoke(supported_case.inputs)
        other.read_outputs(results[1])
        one.read_outputs(results[0])
        for outputs in results:
            assert_right(supported_case, outputs, conformance_device.tolerance)
