"""The order of calls and the codes of the specification, through the C functions."""

import ctypes
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from npu_hal_nnapi import OperandCode, OperationCode
from npu_hal_nnapi import ResultCode as R

from .c_library import Library, SymmPerChannelQuantParams, indices, operand_type

SHAPE = (2, 3)
BYTES = 24


class Session:
    """Calls that must succeed, with what they make."""

    def __init__(self, nnapi: Library) -> None:
        self.nnapi = nnapi

    def make(self, name: str, *arguments: Any) -> ctypes.c_void_p:
        made = ctypes.c_void_p()
        assert getattr(self.nnapi, name)(*arguments, made) == 0
        return made

    def do(self, name: str, *arguments: Any) -> None:
        assert getattr(self.nnapi, name)(*arguments) == 0

    def device(self, name: bytes) -> ctypes.c_void_p:
        count = ctypes.c_uint32()
        self.do("getDeviceCount", count)
        for index in range(count.value):
            device, found = self.make("getDevice", index), ctypes.c_char_p()
            self.do("Device_getName", device, found)
            if found.value == name:
                return device
        raise AssertionError(f"no device {name!r}")

    def addition(self, dimensions: tuple[int, ...] = SHAPE, is_finished: bool = True) -> ctypes.c_void_p:
        """A model that adds two tensors."""
        model = self.make("Model_create")
        for code in (OperandCode.TENSOR_FLOAT32, OperandCode.TENSOR_FLOAT32, OperandCode.INT32):
            self.do("Model_addOperand", model, operand_type(code, () if code == OperandCode.INT32 else dimensions))
        self.do("Model_addOperand", model, operand_type(OperandCode.TENSOR_FLOAT32, dimensions))
        self.do("Model_setOperandValue", model, 2, ctypes.byref(ctypes.c_int32(0)), 4)
        self.do("Model_addOperation", model, OperationCode.ADD, 3, indices([0, 1, 2]), 1, indices([3]))
        self.do("Model_identifyInputsAndOutputs", model, 2, indices([0, 1]), 1, indices([3]))
        if is_finished:
            self.do("Model_finish", model)
        return model

    def compiled(self, model: ctypes.c_void_p, is_for_cpu: bool = True) -> ctypes.c_void_p:
        if is_for_cpu:
            devices = (ctypes.c_void_p * 1)(self.device(b"software.cpu"))
            compilation = self.make("Compilation_createForDevices", model, devices, 1)
        else:
            compilation = self.make("Compilation_create", model)
        self.do("Compilation_finish", compilation)
        return compilation


class Arrays:
    """Inputs and an output of the addition."""

    def __init__(self) -> None:
        self.a = np.arange(6, dtype=np.float32).reshape(SHAPE)
        self.b = np.full(SHAPE, 0.5, np.float32)
        self.sum = np.zeros(SHAPE, np.float32)

    def give(self, session: Session, execution: ctypes.c_void_p) -> None:
        session.do("Execution_setInput", execution, 0, None, self.a.ctypes.data, BYTES)
        session.do("Execution_setInput", execution, 1, None, self.b.ctypes.data, BYTES)
        session.do("Execution_setOutput", execution, 0, None, self.sum.ctypes.data, BYTES)

    def check(self) -> None:
        np.testing.assert_array_equal(self.sum, self.a + self.b)


@pytest.fixture
def session(nnapi: Library) -> Session:
    return Session(nnapi)


@pytest.fixture
def arrays() -> Arrays:
    return Arrays()


@pytest.fixture
def compilation(session: Session) -> ctypes.c_void_p:
    return session.compiled(session.addition())


@pytest.fixture
def execution(session: Session, compilation: ctypes.c_void_p, arrays: Arrays) -> ctypes.c_void_p:
    """An execution that lacks nothing."""
    execution = session.make("Execution_create", compilation)
    arrays.give(session, execution)
    return execution


@pytest.fixture
def descriptor() -> Iterator[int]:
    """A file of 8 KiB."""
    descriptor = os.memfd_create("memory")
    os.ftruncate(descriptor, 8192)
    yield descriptor
    os.close(descriptor)


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


def test_an_execution_runs_once(nnapi: Library, session: Session, execution: ctypes.c_void_p, arrays: Arrays) -> None:
    session.do("Execution_compute", execution)
    arrays.check()
    assert nnapi.Execution_compute(execution) == R.BAD_STATE
    assert nnapi.Execution_startCompute(execution, ctypes.c_void_p()) == R.BAD_STATE
    assert nnapi.Execution_setInput(execution, 0, None, arrays.a.ctypes.data, BYTES) == R.BAD_STATE


def test_everything_is_set_once(nnapi: Library, session: Session, compilation: ctypes.c_void_p, arrays: Arrays) -> None:
    execution = session.make("Execution_create", compilation)
    data = arrays.a.ctypes.data
    assert nnapi.Execution_compute(execution) == R.BAD_DATA
    assert nnapi.Execution_setInput(execution, 0, None, data, BYTES - 4) == R.BAD_DATA
    assert nnapi.Execution_setInput(execution, 2, None, data, BYTES) == R.BAD_DATA
    assert nnapi.Execution_setInput(execution, 0, None, None, BYTES) == R.UNEXPECTED_NULL
    wrong = operand_type(OperandCode.TENSOR_FLOAT32, (3, 2))
    assert nnapi.Execution_setInput(execution, 0, wrong, data, BYTES) == R.BAD_DATA
    assert nnapi.Execution_setInput(execution, 0, None, data, BYTES) == 0
    assert nnapi.Execution_setInput(execution, 0, None, data, BYTES) == R.BAD_STATE


def test_answers_come_after_the_execution(nnapi: Library, session: Session, execution: ctypes.c_void_p) -> None:
    rank, sizes, nanoseconds = ctypes.c_uint32(), (ctypes.c_uint32 * 4)(), ctypes.c_uint64()
    assert nnapi.Execution_getOutputOperandRank(execution, 0, rank) == R.BAD_STATE
    assert nnapi.Execution_getDuration(execution, 1, nanoseconds) == R.BAD_STATE
    session.do("Execution_setMeasureTiming", execution, True)
    session.do("Execution_compute", execution)
    session.do("Execution_getOutputOperandRank", execution, 0, rank)
    session.do("Execution_getOutputOperandDimensions", execution, 0, sizes)
    assert (rank.value, tuple(sizes)[:2]) == (2, SHAPE)
    assert nnapi.Execution_getOutputOperandRank(execution, 1, rank) == R.BAD_DATA
    session.do("Execution_getDuration", execution, 1, nanoseconds)
    assert 0 < nanoseconds.value < 10**9
    session.do("Execution_getDuration", execution, 0, nanoseconds)
    assert nanoseconds.value == 2**64 - 1
    assert nnapi.Execution_getDuration(execution, 9, nanoseconds) == R.BAD_DATA


def test_timing_needs_one_chosen_device(nnapi: Library, session: Session) -> None:
    compilation = session.compiled(session.addition(), is_for_cpu=False)
    execution = session.make("Execution_create", compilation)
    assert nnapi.Execution_setMeasureTiming(execution, True) == R.BAD_DATA
    assert nnapi.Execution_setTimeout(execution, 1) == R.BAD_DATA
    assert nnapi.Execution_setLoopTimeout(execution, 1) == 0


def test_dimensions_that_the_execution_gives(nnapi: Library, session: Session, arrays: Arrays) -> None:
    compilation = session.compiled(session.addition((0, 3)))
    kind = operand_type(OperandCode.TENSOR_FLOAT32, SHAPE)
    for size, code in ((BYTES - 4, R.OUTPUT_INSUFFICIENT_SIZE), (BYTES, R.NO_ERROR)):
        execution, sizes = session.make("Execution_create", compilation), (ctypes.c_uint32 * 2)()
        data = arrays.a.ctypes.data, arrays.b.ctypes.data
        assert nnapi.Execution_setInput(execution, 0, None, data[0], BYTES) == R.BAD_DATA
        session.do("Execution_setInput", execution, 0, kind, data[0], BYTES)
        session.do("Execution_setInput", execution, 1, kind, data[1], BYTES)
        session.do("Execution_setOutput", execution, 0, None, arrays.sum.ctypes.data, size)
        assert nnapi.Execution_compute(execution) == code
        assert nnapi.Execution_getOutputOperandDimensions(execution, 0, sizes) == code
        assert tuple(sizes) == SHAPE
    arrays.check()


def test_background_executions(nnapi: Library, session: Session, execution: ctypes.c_void_p, arrays: Arrays) -> None:
    event = session.make("Execution_startCompute", execution)
    session.do("Event_wait", event)
    session.do("Event_wait", event)
    arrays.check()
    assert nnapi.Event_getSyncFenceFd(event, ctypes.c_int()) == R.BAD_DATA
    nnapi.Event_free(event)


def test_an_execution_waits_for_what_it_depends_on(
    nnapi: Library, session: Session, execution: ctypes.c_void_p, arrays: Arrays
) -> None:
    signal = os.eventfd(0)
    fence = session.make("Event_createFromSyncFenceFd", signal)
    events = (ctypes.c_void_p * 1)(fence)
    event = session.make("Execution_startComputeWithDependencies", execution, events, 1, 0)
    assert not arrays.sum.any()
    threading.Timer(0.05, os.eventfd_write, (signal, 1)).start()
    session.do("Event_wait", event)
    arrays.check()
    copied = ctypes.c_int()
    session.do("Event_getSyncFenceFd", fence, copied)
    assert os.eventfd_read(copied.value) == 1
    os.close(copied.value)
    os.close(signal)
    assert nnapi.Event_createFromSyncFenceFd(-1, ctypes.c_void_p()) == R.BAD_DATA


def test_bursts_are_for_their_compilation(
    nnapi: Library, session: Session, execution: ctypes.c_void_p, compilation: ctypes.c_void_p, arrays: Arrays
) -> None:
    other = session.make("Burst_create", session.compiled(session.addition()))
    assert nnapi.Execution_burstCompute(execution, other) == R.BAD_DATA
    burst = session.make("Burst_create", compilation)
    session.do("Execution_burstCompute", execution, burst)
    arrays.check()


def test_memory_is_mapped_as_asked(nnapi: Library, session: Session, descriptor: int) -> None:
    made = ctypes.c_void_p()
    assert nnapi.Memory_createFromFd(0, 3, descriptor, 0, made) == R.BAD_DATA
    assert nnapi.Memory_createFromFd(8192, 3, descriptor, 4, made) == R.BAD_DATA
    assert nnapi.Memory_createFromFd(16, 3, -1, 0, made) == R.UNMAPPABLE
    memory = session.make("Memory_createFromFd", 16, 1, descriptor, 4)
    model = session.addition(is_finished=False)
    assert nnapi.Model_setOperandValueFromMemory(model, 2, memory, 16, 4) == R.BAD_DATA
    assert nnapi.Model_setOperandValueFromMemory(model, 2, memory, 12, 4) == 0


def test_inputs_and_outputs_in_memory(
    nnapi: Library, session: Session, compilation: ctypes.c_void_p, arrays: Arrays, descriptor: int
) -> None:
    os.pwrite(descriptor, arrays.a.tobytes() + arrays.b.tobytes(), 100)
    memory = session.make("Memory_createFromFd", 3 * BYTES, 3, descriptor, 100)
    execution = session.make("Execution_create", compilation)
    session.do("Execution_setInputFromMemory", execution, 0, None, memory, 0, BYTES)
    session.do("Execution_setInputFromMemory", execution, 1, None, memory, BYTES, BYTES)
    assert nnapi.Execution_setOutputFromMemory(execution, 0, None, memory, 2 * BYTES + 1, BYTES) == R.BAD_DATA
    session.do("Execution_setOutputFromMemory", execution, 0, None, memory, 2 * BYTES, BYTES)
    session.do("Execution_compute", execution)
    arrays.sum[...] = np.frombuffer(os.pread(descriptor, BYTES, 100 + 2 * BYTES), np.float32).reshape(SHAPE)
    arrays.check()
    read_only = session.make("Memory_createFromFd", BYTES, 1, descriptor, 0)
    another = session.make("Execution_create", compilation)
    assert nnapi.Execution_setOutputFromMemory(another, 0, None, read_only, 0, BYTES) == R.BAD_DATA


def test_memory_from_a_description(
    nnapi: Library, session: Session, compilation: ctypes.c_void_p, arrays: Arrays, descriptor: int
) -> None:
    desc = session.make("MemoryDesc_create")
    assert nnapi.MemoryDesc_finish(desc) == R.BAD_DATA
    assert nnapi.MemoryDesc_addInputRole(desc, compilation, 2, 1.0) == R.BAD_DATA
    assert nnapi.MemoryDesc_addInputRole(desc, compilation, 0, 0.0) == R.BAD_DATA
    assert nnapi.Memory_createFromDesc(desc, ctypes.c_void_p()) == R.BAD_STATE
    session.do("MemoryDesc_addInputRole", desc, compilation, 0, 1.0)
    assert nnapi.MemoryDesc_addInputRole(desc, compilation, 0, 1.0) == R.BAD_DATA
    session.do("MemoryDesc_addOutputRole", desc, compilation, 0, 0.5)
    assert nnapi.MemoryDesc_setDimensions(desc, 2, indices([3, 2])) == R.BAD_DATA
    session.do("MemoryDesc_setDimensions", desc, 2, indices(list(SHAPE)))
    session.do("MemoryDesc_finish", desc)
    assert nnapi.MemoryDesc_finish(desc) == R.BAD_STATE
    memory = session.make("Memory_createFromDesc", desc)
    shared = session.make("Memory_createFromFd", BYTES, 3, descriptor, 0)
    assert nnapi.Memory_copy(memory, shared) == R.BAD_DATA
    assert nnapi.Model_setOperandValueFromMemory(session.make("Model_create"), 0, memory, 0, 4) == R.BAD_DATA

    first = session.make("Execution_create", compilation)
    assert nnapi.Execution_setInputFromMemory(first, 1, None, memory, 0, 0) == R.BAD_DATA
    assert nnapi.Execution_setInputFromMemory(first, 0, None, memory, 0, BYTES) == R.BAD_DATA
    session.do("Execution_setInputFromMemory", first, 0, None, memory, 0, 0)
    session.do("Execution_setInput", first, 1, None, arrays.b.ctypes.data, BYTES)
    session.do("Execution_setOutput", first, 0, None, arrays.sum.ctypes.data, BYTES)
    assert nnapi.Execution_compute(first) == R.OP_FAILED

    second = session.make("Execution_create", compilation)
    session.do("Execution_setInput", second, 0, None, arrays.a.ctypes.data, BYTES)
    session.do("Execution_setInput", second, 1, None, arrays.b.ctypes.data, BYTES)
    session.do("Execution_setOutputFromMemory", second, 0, None, memory, 0, 0)
    session.do("Execution_compute", second)
    session.do("Memory_copy", memory, shared)
    arrays.sum[...] = np.frombuffer(os.pread(descriptor, BYTES, 0), np.float32).reshape(SHAPE)
    arrays.check()


def test_what_is_freed_lives_on_for_those_that_use_it(
    nnapi: Library, session: Session, execution: ctypes.c_void_p, compilation: ctypes.c_void_p, arrays: Arrays
) -> None:
    nnapi.Compilation_free(compilation)
    session.do("Execution_compute", execution)
    arrays.check()


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


def test_fifty_models_leave_nothing(nnapi: Library, session: Session) -> None:
    """Models of 4 MB of weights, made, run and freed: the process does not grow by even one of them."""
    size = 1024
    weights = np.ones((size, size), np.float32)

    def run_one() -> None:
        model = session.make("Model_create")
        for sizes in ((1, size), (size, size), (size,)):
            session.do("Model_addOperand", model, operand_type(OperandCode.TENSOR_FLOAT32, sizes))
        session.do("Model_addOperand", model, operand_type(OperandCode.INT32))
        session.do("Model_addOperand", model, operand_type(OperandCode.TENSOR_FLOAT32, (1, size)))
        session.do("Model_setOperandValue", model, 1, weights.ctypes.data, weights.nbytes)
        session.do("Model_setOperandValue", model, 2, weights.ctypes.data, size * 4)
        session.do("Model_setOperandValue", model, 3, ctypes.byref(ctypes.c_int32(0)), 4)
        inputs = indices([0, 1, 2, 3])
        session.do("Model_addOperation", model, OperationCode.FULLY_CONNECTED, 4, inputs, 1, indices([4]))
        session.do("Model_identifyInputsAndOutputs", model, 1, indices([0]), 1, indices([4]))
        session.do("Model_finish", model)
        compilation = session.compiled(model)
        execution = session.make("Execution_create", compilation)
        x, y = np.ones(size, np.float32), np.zeros(size, np.float32)
        session.do("Execution_setInput", execution, 0, None, x.ctypes.data, x.nbytes)
        session.do("Execution_setOutput", execution, 0, None, y.ctypes.data, y.nbytes)
        session.do("Execution_compute", execution)
        assert (y == size + 1).all()
        nnapi.Execution_free(execution)
        nnapi.Compilation_free(compilation)
        nnapi.Model_free(model)

    for _ in range(10):
        run_one()
    before = resident_bytes()
    for _ in range(50):
        run_one()
    assert resident_bytes() - before < weights.nbytes


def resident_bytes() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")
