"""The order of calls and the codes of the specification: models, compilations and devices."""

import ctypes

import pytest

from npu_hal_nnapi import OperandCode, OperationCode
from npu_hal_nnapi import ResultCode as R

from .c_library import Library, SymmPerChannelQuantParams, indices, operand_type
from .session import BYTES, SHAPE, Session


def test_a_finished_model_does_not_change(nnapi: Library, session: Session) -> None:
    model = session.addition()
    assert nnapi.Model_addOperand(model, operand_type(OperandCode.INT32)) == R.BAD_STATE
    assert nnapi.Model_setOperandValue(model, 2, None, 0) == R.BAD_STATE
    assert nnapi.Model_addOperation(model, 0, 3, indices([0, 1, 2]), 1, indices([3])) == R.BAD_STATE
    assert nnapi.Model_identifyInputsAndOutputs(model, 1, indices([0]), 1, indices([3])) == R.BAD_STATE
    assert nnapi.Model_relaxComputationFloat32toFloat16(model, True) == R.BAD_STATE
    assert nnapi.Model_finish(model) == R.BAD_STATE


def test_an_unfinished_model_is_not_compiled(nnapi: Library, session: Session) -> None:
    model, compilation = session.addition(is_finished=False), ctypes.c_void_p(1)
    assert nnapi.Compilation_create(model, compilation) == R.BAD_STATE
    assert compilation.value is None
    devices = (ctypes.c_void_p * 1)(session.device(b"software.cpu"))
    assert nnapi.Model_getSupportedOperationsForDevices(model, devices, 1, (ctypes.c_bool * 1)()) == R.BAD_STATE


def test_null_is_told_from_other_mistakes(nnapi: Library, session: Session) -> None:
    model = session.make("Model_create")
    assert nnapi.Model_create(None) == R.UNEXPECTED_NULL
    assert nnapi.Model_addOperand(model, None) == R.UNEXPECTED_NULL
    assert nnapi.Model_addOperand(None, operand_type(OperandCode.INT32)) == R.UNEXPECTED_NULL
    assert nnapi.Model_addOperation(model, 0, 1, None, 1, indices([0])) == R.UNEXPECTED_NULL
    session.do("Model_addOperand", model, operand_type(OperandCode.INT32))
    assert nnapi.Model_setOperandValue(model, 0, None, 4) == R.UNEXPECTED_NULL
    assert nnapi.Compilation_create(None, ctypes.c_void_p()) == R.UNEXPECTED_NULL
    assert nnapi.Execution_compute(None) == R.UNEXPECTED_NULL
    assert nnapi.Event_wait(None) == R.UNEXPECTED_NULL
    for kind in ("Memory", "Model", "Compilation", "Execution", "Event", "Burst", "MemoryDesc"):
        getattr(nnapi, f"{kind}_free")(None)


def test_freed_and_made_up_handles_are_noticed(nnapi: Library, session: Session) -> None:
    model = session.make("Model_create")
    nnapi.Model_free(model)
    assert nnapi.Model_finish(model) == R.BAD_DATA
    assert nnapi.Model_finish(ctypes.c_void_p(0xDEAD)) == R.BAD_DATA
    nnapi.Model_free(model)


@pytest.mark.parametrize(
    ("code", "dimensions", "scale", "zero_point"),
    [
        (1000, (), 0.0, 0),
        (OperandCode.INT32, (1,), 0.0, 0),
        (OperandCode.TENSOR_FLOAT32, (2,), 0.5, 0),
        (OperandCode.TENSOR_FLOAT32, (2,), 0.0, 1),
        (OperandCode.TENSOR_QUANT8_ASYMM, (2,), 0.0, 0),
        (OperandCode.TENSOR_QUANT8_ASYMM, (2,), -1.0, 0),
        (OperandCode.TENSOR_QUANT8_ASYMM, (2,), 0.5, 256),
        (OperandCode.TENSOR_QUANT8_ASYMM_SIGNED, (2,), 0.5, 128),
        (OperandCode.TENSOR_FLOAT32, (2**31, 2), 0.0, 0),
    ],
)
def test_operand_types_that_make_no_sense(
    nnapi: Library, session: Session, code: int, dimensions: tuple[int, ...], scale: float, zero_point: int
) -> None:
    model = session.make("Model_create")
    assert nnapi.Model_addOperand(model, operand_type(code, dimensions, scale, zero_point)) == R.BAD_DATA


def test_counts_and_indices_are_checked(nnapi: Library, session: Session) -> None:
    model = session.addition(is_finished=False)
    assert nnapi.Model_addOperation(model, OperationCode.ADD, 2, indices([0, 1]), 1, indices([3])) == R.BAD_DATA
    assert nnapi.Model_addOperation(model, OperationCode.ADD, 3, indices([0, 1, 9]), 1, indices([3])) == R.BAD_DATA
    assert nnapi.Model_addOperation(model, 9999, 1, indices([0]), 1, indices([3])) == R.BAD_DATA
    assert nnapi.Model_setOperandValue(model, 9, (ctypes.c_int32 * 1)(), 4) == R.BAD_DATA
    assert nnapi.Model_setOperandValue(model, -1, (ctypes.c_int32 * 1)(), 4) == R.BAD_DATA
    assert nnapi.Model_setOperandValue(model, 2, (ctypes.c_int32 * 2)(), 8) == R.BAD_DATA
    assert nnapi.Model_setOperandValue(model, 0, (ctypes.c_float * 6)(), BYTES) == R.BAD_DATA


def test_per_channel_scales_fit_their_operand(nnapi: Library, session: Session) -> None:
    model = session.make("Model_create")
    kind = operand_type(OperandCode.TENSOR_QUANT8_SYMM_PER_CHANNEL, (2, 1, 1, 3))
    session.do("Model_addOperand", model, kind)
    scales = (ctypes.c_float * 3)(0.5, 0.25, 0.125)
    set_scales = nnapi.Model_setOperandSymmPerChannelQuantParams
    assert set_scales(model, 0, SymmPerChannelQuantParams(0, 3, scales)) == R.BAD_DATA
    assert set_scales(model, 0, SymmPerChannelQuantParams(7, 3, scales)) == R.BAD_DATA
    assert set_scales(model, 0, SymmPerChannelQuantParams(3, 3, None)) == R.UNEXPECTED_NULL
    assert set_scales(model, 0, SymmPerChannelQuantParams(3, 3, scales)) == 0


def test_operations_that_form_a_circle(nnapi: Library, session: Session) -> None:
    model = session.make("Model_create")
    for _ in range(3):
        session.do("Model_addOperand", model, operand_type(OperandCode.TENSOR_FLOAT32, SHAPE))
    session.do("Model_addOperation", model, OperationCode.RELU, 1, indices([1]), 1, indices([2]))
    session.do("Model_addOperation", model, OperationCode.RELU, 1, indices([2]), 1, indices([1]))
    session.do("Model_identifyInputsAndOutputs", model, 1, indices([0]), 1, indices([2]))
    assert nnapi.Model_finish(model) == R.BAD_DATA


def test_a_finished_compilation_does_not_change(nnapi: Library, compilation: ctypes.c_void_p) -> None:
    assert nnapi.Compilation_setPreference(compilation, 1) == R.BAD_STATE
    assert nnapi.Compilation_setPriority(compilation, 90) == R.BAD_STATE
    assert nnapi.Compilation_setCaching(compilation, b"/tmp", (ctypes.c_uint8 * 32)()) == R.BAD_STATE
    assert nnapi.Compilation_finish(compilation) == R.BAD_STATE


def test_hints_are_checked(nnapi: Library, session: Session) -> None:
    compilation = session.make("Compilation_create", session.addition())
    assert nnapi.Compilation_setPreference(compilation, 3) == R.BAD_DATA
    assert nnapi.Compilation_setPriority(compilation, 91) == R.BAD_DATA
    assert nnapi.Compilation_setTimeout(compilation, 1) == R.BAD_DATA
    assert nnapi.Compilation_setCaching(compilation, None, (ctypes.c_uint8 * 32)()) == R.UNEXPECTED_NULL
    assert nnapi.Compilation_setCaching(compilation, b"/tmp", None) == R.UNEXPECTED_NULL
    assert nnapi.Compilation_setPreference(compilation, 2) == 0
    assert nnapi.Execution_create(compilation, ctypes.c_void_p()) == R.BAD_STATE


def test_devices_are_given_once(nnapi: Library, session: Session) -> None:
    model, cpu, made = session.addition(), session.device(b"software.cpu"), ctypes.c_void_p()
    assert nnapi.Compilation_createForDevices(model, (ctypes.c_void_p * 2)(cpu, cpu), 2, made) == R.BAD_DATA
    assert nnapi.Compilation_createForDevices(model, (ctypes.c_void_p * 1)(cpu), 0, made) == R.BAD_DATA
    assert nnapi.Compilation_createForDevices(model, (ctypes.c_void_p * 1)(None), 1, made) == R.UNEXPECTED_NULL
    assert nnapi.Compilation_createForDevices(model, None, 1, made) == R.UNEXPECTED_NULL


def test_a_device_that_cannot_run_the_model_refuses_it(nnapi: Library, session: Session) -> None:
    """The NPUs compute nothing in float; with the CPU beside them they need not."""
    npu, cpu = session.device(b"etnaviv.emulator:a311d"), session.device(b"software.cpu")
    model, answers = session.addition(), (ctypes.c_bool * 1)(True)
    session.do("Model_getSupportedOperationsForDevices", model, (ctypes.c_void_p * 1)(npu), 1, answers)
    assert not answers[0]
    alone = session.make("Compilation_createForDevices", model, (ctypes.c_void_p * 1)(npu), 1)
    assert nnapi.Compilation_finish(alone) == R.BAD_DATA
    both = session.make("Compilation_createForDevices", model, (ctypes.c_void_p * 2)(npu, cpu), 2)
    session.do("Model_getSupportedOperationsForDevices", model, (ctypes.c_void_p * 2)(npu, cpu), 2, answers)
    assert answers[0]
    assert nnapi.Compilation_finish(both) == 0


def test_there_are_no_extensions(nnapi: Library, session: Session) -> None:
    is_supported, model = ctypes.c_bool(True), session.make("Model_create")
    session.do("Device_getExtensionSupport", session.device(b"software.cpu"), b"com.example", is_supported)
    assert not is_supported
    assert nnapi.Model_getExtensionOperandType(model, b"com.example", 1, ctypes.c_int32()) == R.BAD_DATA


def test_the_device_tells_what_it_is(session: Session) -> None:
    device = session.device(b"software.cpu")
    kind, level, version = ctypes.c_int32(), ctypes.c_int64(), ctypes.c_char_p()
    session.do("Device_getType", device, kind)
    session.do("Device_getFeatureLevel", device, level)
    session.do("Device_getVersion", device, version)
    assert (kind.value, level.value) == (2, 30)
    assert version.value
    session.do("Device_wait", device)
