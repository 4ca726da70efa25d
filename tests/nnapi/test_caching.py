"""Compilation caching: a second compilation of a model skips the driver's work."""

import logging
from pathlib import Path
from unittest import mock

import numpy as np
import pytest

from npu_hal_nnapi import (
    Compilation,
    Device,
    Execution,
    Model,
    NnapiError,
    OperandCode,
    OperandType,
    OperationCode,
    devices,
)
from npu_hal_nnapi import ResultCode as R

TOKEN = bytes(range(32))
ENCODER = "npu_hal_etnaviv.compiler.encode_coefficients"


@pytest.fixture(params=["emulator:a311d", "emulator:imx8mp"])
def npu(request: pytest.FixtureRequest) -> Device:
    name = f"etnaviv.{request.param}"
    found = [device for device in devices() if device.name == name]
    if not found:
        pytest.skip(f"there is no device {name}: the etnaviv driver is not installed")
    return found[0]


def convolution(seed: int = 0) -> Model:
    generator = np.random.default_rng(seed)
    model, code = Model(), OperandCode
    model.add_operand(OperandType(code.TENSOR_QUANT8_ASYMM, (1, 8, 8, 4), 0.05, 128))
    model.add_operand(OperandType(code.TENSOR_QUANT8_ASYMM, (16, 3, 3, 4), 0.02, 130))
    model.add_operand(OperandType(code.TENSOR_INT32, (16,), 0.001))
    for index, value in enumerate((1, 1, 1, 0), start=3):
        model.add_operand(OperandType(code.INT32))
        model.set_operand_value(index, np.array(value, np.int32))
    model.add_operand(OperandType(code.TENSOR_QUANT8_ASYMM, (1, 8, 8, 16), 0.1, 128))
    model.set_operand_value(1, generator.integers(0, 256, (16, 3, 3, 4), np.uint8))
    model.set_operand_value(2, generator.integers(-300, 300, (16,), np.int32))
    model.add_operation(OperationCode.CONV_2D, range(7), [7])
    model.identify_inputs_and_outputs([0], [7])
    model.finish()
    return model


def compile_and_run(
    npu: Device, folder: Path, model: Model, token: bytes = TOKEN
) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    compilation = Compilation(model, [npu])
    compilation.set_caching(folder, token)
    compilation.finish()
    execution = Execution(compilation)
    execution.set_input(0, np.random.default_rng(5).integers(0, 256, (1, 8, 8, 4), np.uint8))
    result = np.zeros((1, 8, 8, 16), np.uint8)
    execution.set_output(0, result)
    execution.compute()
    compilation.close()
    return result


def test_the_second_compilation_encodes_nothing(npu: Device, tmp_path: Path) -> None:
    expected = compile_and_run(npu, tmp_path, convolution())
    (kept,) = tmp_path.iterdir()
    assert kept.name.startswith(TOKEN.hex())
    with mock.patch(ENCODER) as encode:
        np.testing.assert_array_equal(compile_and_run(npu, tmp_path, convolution()), expected)
    encode.assert_not_called()
    assert len(np.unique(expected)) > 50


def test_another_model_under_the_same_token_is_compiled(npu: Device, tmp_path: Path) -> None:
    first = compile_and_run(npu, tmp_path, convolution(0))
    assert (compile_and_run(npu, tmp_path, convolution(1)) != first).any()


def test_another_token_is_another_compilation(npu: Device, tmp_path: Path) -> None:
    compile_and_run(npu, tmp_path, convolution())
    compile_and_run(npu, tmp_path, convolution(), token=bytes(32))
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize("damage", [b"", b"something else", None])
def test_damaged_files_are_ignored_and_replaced(
    npu: Device, tmp_path: Path, damage: bytes | None, caplog: pytest.LogCaptureFixture
) -> None:
    expected = compile_and_run(npu, tmp_path, convolution())
    (kept,) = tmp_path.iterdir()
    whole = kept.read_bytes()
    kept.write_bytes(whole[: len(whole) // 2] if damage is None else damage)
    with caplog.at_level(logging.WARNING, "npu_hal.nnapi"):
        np.testing.assert_array_equal(compile_and_run(npu, tmp_path, convolution()), expected)
    assert "is damaged, and ignored" in caplog.text
    assert kept.read_bytes() == whole
    assert list(tmp_path.iterdir()) == [kept]


def test_a_driver_that_serialises_nothing_leaves_no_files(tmp_path: Path) -> None:
    (cpu,) = (device for device in devices() if device.name == "software.cpu")
    first = compile_and_run(cpu, tmp_path, convolution())
    np.testing.assert_array_equal(compile_and_run(cpu, tmp_path, convolution()), first)
    assert not list(tmp_path.iterdir())


def test_folder_and_token_are_checked(tmp_path: Path) -> None:
    compilation = Compilation(convolution())
    for folder, token in ((tmp_path / "missing", TOKEN), (tmp_path, TOKEN[:31])):
        with pytest.raises(NnapiError) as error:
            compilation.set_caching(folder, token)
        assert error.value.code is R.BAD_DATA
