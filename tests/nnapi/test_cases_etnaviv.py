"""The quant8 example cases on the emulated NPUs of two chips, wherever the driver supports them."""

from pathlib import Path

import pytest

from npu_hal_nnapi import Device, NnapiError, OperandCode, ResultCode, devices, supported_operations

from . import test_cases, test_cases_c
from .c_library import Library
from .cases import Case, case_files, read_case

KINDS = {"CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "ADD", "CONCATENATION"}
CHIPS = ("a311d", "imx8mp")

# What both chips run; weights that are inputs, and channel multipliers, are refused.
SUPPORTED = {
    "add_quant8",
    "concat_quant8_1",
    "concat_quant8_3",
    "conv_quant8",
    "conv_quant8_channels",
    "conv_quant8_large",
    "conv_quant8_overflow",
    "fully_connected_quant8_2",
}
REFUSED = {
    "conv_quant8_weights_as_inputs",
    "depthwise_conv2d_quant8_2",
    "depthwise_conv2d_quant8_large_weights_as_inputs",
    "fully_connected_quant8_large_weights_as_inputs",
}


def is_quant8(case: Case) -> bool:
    kinds = {kind for kind, _, _ in case.operations}
    return kinds <= KINDS and any(operand.type.code is OperandCode.TENSOR_QUANT8_ASYMM for operand in case.operands)


def quant8_files() -> list[Path]:
    return [path for path in case_files() if is_quant8(read_case(path))]


@pytest.fixture(params=CHIPS)
def npu(request: pytest.FixtureRequest) -> Device:
    """An emulated NPU, which the tests need a driver for."""
    name = f"etnaviv.emulator:{request.param}"
    found = [device for device in devices() if device.name == name]
    if not found:
        pytest.skip(f"there is no device {name}: the etnaviv driver is not installed")
    return found[0]


@pytest.mark.usefixtures("shared")
@pytest.mark.parametrize("path", quant8_files(), ids=lambda path: path.stem)
def test_case(npu: Device, nnapi: Library, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    case = read_case(path)
    supported = all(supported_operations(test_cases.build(case), (npu,)))
    assert supported or path.stem not in SUPPORTED
    monkeypatch.setenv("TEFLON_DRIVER", npu.driver.name)
    monkeypatch.setenv("TEFLON_DEVICE", npu.device)
    if not supported:
        with pytest.raises(NnapiError) as refusal:
            test_cases.run(case, [npu])
        assert refusal.value.code is ResultCode.BAD_DATA
    else:
        test_cases.run(case, [npu])
    # Named by the environment, the CPU helps out where the NPU refuses.
    test_cases_c.run(nnapi, case)


@pytest.mark.usefixtures("shared")
def test_the_cases_are_those_that_were_looked_at() -> None:
    names = {path.stem for path in quant8_files()}
    assert names >= SUPPORTED | REFUSED
