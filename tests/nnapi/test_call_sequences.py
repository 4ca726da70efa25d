"""Random sequences of calls of the C functions: every answer is a code that the specification has for it."""

import ctypes
import logging
import os
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from npu_hal_nnapi import OperandCode, OperationCode, ResultCode

from .c_library import FREE, Library, SymmPerChannelQuantParams, indices, operand_type

R = ResultCode
USUAL = {R.NO_ERROR, R.OUT_OF_MEMORY, R.UNEXPECTED_NULL, R.BAD_DATA, R.BAD_STATE}
RUNNING = {*USUAL, R.OP_FAILED, R.OUTPUT_INSUFFICIENT_SIZE, R.UNAVAILABLE_DEVICE}
SPECIFIED = {
    "Memory_createFromFd": {*USUAL, R.UNMAPPABLE},
    "Memory_createFromDesc": {*USUAL, R.OP_FAILED},
    "Memory_copy": {*USUAL, R.OP_FAILED},
    "Compilation_finish": {*USUAL, R.OP_FAILED, R.UNAVAILABLE_DEVICE},
    "Execution_compute": RUNNING,
    "Execution_burstCompute": RUNNING,
    "Execution_startCompute": RUNNING,
    "Execution_startComputeWithDependencies": RUNNING,
    "Event_wait": RUNNING,
    "Execution_getOutputOperandRank": {*USUAL, R.OUTPUT_INSUFFICIENT_SIZE},
    "Execution_getOutputOperandDimensions": {*USUAL, R.OUTPUT_INSUFFICIENT_SIZE},
}

# Whatever a call may read or write lies in here: small numbers, be they taken for bytes, integers or floats.
ARENA_BYTES = 1 << 16
POINTS = 1 << 30

picks = st.integers(0, 99)
small = st.integers(-1, 6)
lengths = st.sampled_from([0, 1, 2, 4, 8, 12, 16, 64, 4096, 2**32, 2**63])
kinds = st.sampled_from([*OperandCode, 10_000, -1])
dimensions = st.lists(st.sampled_from([0, 1, 2, 2, 3, 4, 2**31]), max_size=5)
scales = st.sampled_from([0.0, 0.5, 1.0, 0.25, -1.0, float("nan"), float("inf")])
operations = st.sampled_from([*OperationCode, 10_000, -1])
operands = st.lists(st.integers(0, 12), max_size=12)


class Calls(RuleBasedStateMachine):
    nnapi: ClassVar[Library]

    def __init__(self) -> None:
        super().__init__()
        self.handles: dict[str, list[int]] = {kind: [] for kind in (*FREE, "Device")}
        self.arena = (ctypes.c_int32 * (ARENA_BYTES // 4))(*(position % 4 for position in range(64)))
        self.address = ctypes.addressof(self.arena)

    def teardown(self) -> None:
        for kind in FREE:
            for handle in self.handles[kind]:
                getattr(self.nnapi, f"{kind}_free")(handle)

    def handle(self, kind: str, pick: int) -> int | None:
        """Mostly a handle of a kind, freed or not; sometimes NULL, made up, or of another kind."""
        if pick < 3:
            return None
        if pick < 6:
            return 0xDEAD0
        if pick < 12:
            others = [handle for handles in self.handles.values() for handle in handles]
            return others[pick * 7 % len(others)] if others else None
        mine = self.handles[kind]
        return mine[-1 - pick % min(len(mine), 3)] if mine else None

    def call(self, name: str, *arguments: Any) -> int:
        code: int = getattr(self.nnapi, name)(*arguments)
        assert code in SPECIFIED.get(name, USUAL), (name, ResultCode(code))
        return code

    def make(self, kind: str, name: str, *arguments: Any) -> None:
        """A call whose last argument says where a new handle goes."""
        made = ctypes.c_void_p(0xBAD)
        code = self.call(name, *arguments, made)
        if code == 0:
            assert made.value
            self.handles[kind].append(made.value)

    def buffer(self, pick: int) -> int | None:
        return None if pick < 10 else self.address

    def find_devices(self) -> None:
        count = ctypes.c_uint32()
        self.call("getDeviceCount", count)
        for index in range(count.value):
            self.make("Device", "getDevice", index)

    @initialize(stages=st.integers(0, 5), is_chosen=st.booleans())
    def get_ahead(self, stages: int, is_chosen: bool) -> None:
        """Start from a finished model, a compilation or more of it, else most sequences would not get that far."""
        self.find_devices()
        if stages == 0:
            return
        self.arithmetic_model(OperationCode.ADD, (2, 2), True)
        for stage in range(1, stages):
            if stage == 1:
                device = self.software_device()
                if is_chosen and device is not None:
                    devices = (ctypes.c_void_p * 1)(device)
                    self.make("Compilation", "Compilation_createForDevices", self.handles["Model"][0], devices, 1)
                else:
                    self.make("Compilation", "Compilation_create", self.handles["Model"][0])
            elif stage == 2:
                self.call("Compilation_finish", self.handles["Compilation"][0])
            elif stage == 3:
                self.make("Execution", "Execution_create", self.handles["Compilation"][0])
                self.make("Burst", "Burst_create", self.handles["Compilation"][0])
            else:
                self.set_all(99)

    def software_device(self) -> int | None:
        for handle in self.handles["Device"]:
            name = ctypes.c_char_p()
            self.call("Device_getName", handle, name)
            if name.value == b"software.cpu":
                return handle
        return None

    # Models, call by call, and whole ones that later calls get further with.

    @rule()
    def create_model(self) -> None:
        self.make("Model", "Model_create")

    @rule(model=picks, kind=kinds, sizes=dimensions, scale=scales, zero_point=st.sampled_from([0, 0, 0, 3, -200, 300]))
    def add_operand(self, model: int, kind: int, sizes: list[int], scale: float, zero_point: int) -> None:
        self.call("Model_addOperand", self.handle("Model", model), operand_type(kind, tuple(sizes), scale, zero_point))

    @rule(model=picks)
    def add_no_operand(self, model: int) -> None:
        self.call("Model_addOperand", self.handle("Model", model), None)

    @rule(model=picks, index=small, pick=picks, length=lengths)
    def set_operand_value(self, model: int, index: int, pick: int, length: int) -> None:
        self.call("Model_setOperandValue", self.handle("Model", model), index, self.buffer(pick), length)

    @rule(model=picks, index=small, memory=picks, offset=lengths, length=lengths)
    def set_value_from_memory(self, model: int, index: int, memory: int, offset: int, length: int) -> None:
        handles = self.handle("Model", model), self.handle("Memory", memory)
        self.call("Model_setOperandValueFromMemory", handles[0], index, handles[1], offset, length)

    @rule(model=picks, index=small, value=picks)
    def set_value_from_model(self, model: int, index: int, value: int) -> None:
        self.call("Model_setOperandValueFromModel", self.handle("Model", model), index, self.handle("Model", value))

    @rule(model=picks, index=small, dimension=st.integers(0, 4), count=st.integers(0, 4), scale=scales)
    def set_scales(self, model: int, index: int, dimension: int, count: int, scale: float) -> None:
        parameters = SymmPerChannelQuantParams(dimension, count, (ctypes.c_float * 4)(scale, scale, scale, scale))
        self.call("Model_setOperandSymmPerChannelQuantParams", self.handle("Model", model), index, parameters)

    @rule(model=picks, kind=operations, inputs=operands, outputs=operands)
    def add_operation(self, model: int, kind: int, inputs: list[int], outputs: list[int]) -> None:
        arrays = indices(inputs), indices(outputs)
        handle = self.handle("Model", model)
        self.call("Model_addOperation", handle, kind, len(inputs), arrays[0], len(outputs), arrays[1])

    @rule(model=picks, inputs=operands, outputs=operands, nothing=picks)
    def identify(self, model: int, inputs: list[int], outputs: list[int], nothing: int) -> None:
        arrays = indices(inputs), indices(outputs) if nothing > 5 else None
        handle = self.handle("Model", model)
        self.call("Model_identifyInputsAndOutputs", handle, len(inputs), arrays[0], len(outputs), arrays[1])

    @rule(model=picks, allow=st.booleans())
    def relax(self, model: int, allow: bool) -> None:
        self.call("Model_relaxComputationFloat32toFloat16", self.handle("Model", model), allow)

    @rule(model=picks)
    def finish_model(self, model: int) -> None:
        self.call("Model_finish", self.handle("Model", model))

    @rule(model=picks, data=lengths, name=st.sampled_from([b"com.example", None]))
    def use_extensions(self, model: int, data: int, name: bytes | None) -> None:
        handle, kind = self.handle("Model", model), ctypes.c_int32()
        self.call("Model_setOperandExtensionData", handle, 0, self.address, data)
        self.call("Model_getExtensionOperandType", handle, name, 1, kind)
        self.call("Model_getExtensionOperationType", handle, name, 1, kind)

    @rule(
        kind=st.sampled_from([OperationCode.ADD, OperationCode.MUL, OperationCode.SUB, OperationCode.DIV]),
        sizes=st.sampled_from([(2, 2), (1, 2, 2, 1), (0, 2), ()]),
        is_finished=st.booleans(),
    )
    def add_arithmetic_model(self, kind: int, sizes: tuple[int, ...], is_finished: bool) -> None:
        self.arithmetic_model(kind, sizes, is_finished)

    def arithmetic_model(self, kind: int, sizes: tuple[int, ...], is_finished: bool) -> None:
        self.make("Model", "Model_create")
        model = self.handles["Model"][-1]
        for _ in range(2):
            self.call("Model_addOperand", model, operand_type(OperandCode.TENSOR_FLOAT32, sizes))
        self.call("Model_addOperand", model, operand_type(OperandCode.INT32))
        self.call("Model_addOperand", model, operand_type(OperandCode.TENSOR_FLOAT32, sizes))
        self.call("Model_setOperandValue", model, 2, self.address, 4)
        self.call("Model_addOperation", model, kind, 3, indices([0, 1, 2]), 1, indices([3]))
        self.call("Model_identifyInputsAndOutputs", model, 2, indices([0, 1]), 1, indices([3]))
        if is_finished:
            self.call("Model_finish", model)

    @rule(kind=operations, inputs=st.integers(1, 10), outputs=st.integers(1, 2), data=st.data())
    def arbitrary_model(self, kind: int, inputs: int, outputs: int, data: st.DataObject) -> None:
        """One operation over operands of any types, the scalars among them constant: compiling it has to end well."""
        self.make("Model", "Model_create")
        model = self.handles["Model"][-1]
        ends: list[int] = []
        for index in range(inputs + outputs):
            code = data.draw(st.sampled_from([0, 1, 1, 1, 3, 4, 5, 6, 14, 11]))
            is_scalar = code in (0, 1, 6)
            sizes = () if is_scalar else tuple(data.draw(st.lists(st.integers(1, 3), min_size=1, max_size=4)))
            scale = 0.5 if code in (5, 14) else 0.0
            self.call("Model_addOperand", model, operand_type(code, sizes, scale))
            if index < inputs:
                if is_scalar or data.draw(st.booleans()):
                    nbytes = {6: 1, 5: 1, 14: 1, 11: 1}.get(code, 4)
                    for size in sizes:
                        nbytes *= size
                    start = data.draw(st.integers(0, 6)) * 4
                    self.call("Model_setOperandValue", model, index, self.address + start, nbytes)
                else:
                    ends.append(index)
        results = list(range(inputs, inputs + outputs))
        arrays = indices(list(range(inputs))), indices(results), indices(ends)
        self.call("Model_addOperation", model, kind, inputs, arrays[0], outputs, arrays[1])
        self.call("Model_identifyInputsAndOutputs", model, len(ends), arrays[2], outputs, arrays[1])
        self.call("Model_finish", model)
        self.make("Compilation", "Compilation_create", model)
        self.call("Compilation_finish", self.handles["Compilation"][-1] if self.handles["Compilation"] else None)

    @rule(model=picks, device=picks, count=st.integers(0, 2))
    def supported(self, model: int, device: int, count: int) -> None:
        # Room for the answers of the largest model that these rules make.
        answers = (ctypes.c_bool * 4096)()
        devices = (ctypes.c_void_p * 2)(self.handle("Device", device), self.handle("Device", device + 1))
        handle = self.handle("Model", model)
        self.call("Model_getSupportedOperationsForDevices", handle, devices, count, answers)

    # Compilations.

    @rule(model=picks)
    def create_compilation(self, model: int) -> None:
        self.make("Compilation", "Compilation_create", self.handle("Model", model))

    @rule(model=picks, device=picks, count=st.integers(0, 2))
    def create_for_devices(self, model: int, device: int, count: int) -> None:
        devices = (ctypes.c_void_p * 2)(self.handle("Device", device), self.handle("Device", device + 1))
        self.make("Compilation", "Compilation_createForDevices", self.handle("Model", model), devices, count)

    @rule(compilation=picks, value=st.sampled_from([0, 1, 2, 3, 90, 100, 110, -1]))
    def set_hints(self, compilation: int, value: int) -> None:
        handle = self.handle("Compilation", compilation)
        self.call("Compilation_setPreference", handle, value)
        self.call("Compilation_setPriority", handle, value)
        self.call("Compilation_setTimeout", handle, abs(value))

    @rule(compilation=picks, folder=st.sampled_from([b"/nonexistent", None, b""]), pick=picks)
    def set_caching(self, compilation: int, folder: bytes | None, pick: int) -> None:
        token = (ctypes.c_uint8 * 32)() if pick > 20 else None
        self.call("Compilation_setCaching", self.handle("Compilation", compilation), folder, token)

    @rule(compilation=picks)
    def finish_compilation(self, compilation: int) -> None:
        self.call("Compilation_finish", self.handle("Compilation", compilation))

    # Executions.

    @rule(compilation=picks)
    def create_execution(self, compilation: int) -> None:
        self.make("Execution", "Execution_create", self.handle("Compilation", compilation))

    @rule(execution=picks, index=small, pick=picks, length=lengths, sizes=st.none() | dimensions)
    def set_input(self, execution: int, index: int, pick: int, length: int, sizes: list[int] | None) -> None:
        kind = None if sizes is None else operand_type(OperandCode.TENSOR_FLOAT32, tuple(sizes))
        self.call(
            "Execution_setInput", self.handle("Execution", execution), index, kind, self.buffer(pick), min(length, 4096)
        )

    @rule(execution=picks, index=small, pick=picks, length=lengths, sizes=st.none() | dimensions)
    def set_output(self, execution: int, index: int, pick: int, length: int, sizes: list[int] | None) -> None:
        kind = None if sizes is None else operand_type(OperandCode.TENSOR_FLOAT32, tuple(sizes))
        self.call(
            "Execution_setOutput",
            self.handle("Execution", execution),
            index,
            kind,
            self.buffer(pick),
            min(length, 4096),
        )

    @rule(execution=picks)
    def set_everything(self, execution: int) -> None:
        self.set_all(execution)

    def set_all(self, execution: int) -> None:
        """What the arithmetic model of 4 elements needs."""
        handle = self.handle("Execution", execution)
        for index in range(2):
            self.call("Execution_setInput", handle, index, None, self.address, 16)
        self.call("Execution_setOutput", handle, 0, None, self.address + 64, 16)

    @rule(execution=picks, index=small, memory=picks, offset=lengths, length=lengths, is_input=st.booleans())
    def set_from_memory(
        self, execution: int, index: int, memory: int, offset: int, length: int, is_input: bool
    ) -> None:
        handles = self.handle("Execution", execution), self.handle("Memory", memory)
        name = "Execution_setInputFromMemory" if is_input else "Execution_setOutputFromMemory"
        self.call(name, handles[0], index, None, handles[1], offset, length)

    @rule(execution=picks)
    def set_limits(self, execution: int) -> None:
        handle = self.handle("Execution", execution)
        self.call("Execution_setMeasureTiming", handle, True)
        self.call("Execution_setTimeout", handle, 1_000_000)
        self.call("Execution_setLoopTimeout", handle, 1_000_000)

    @rule(execution=picks)
    def compute(self, execution: int) -> None:
        self.call("Execution_compute", self.handle("Execution", execution))

    @rule(compilation=picks, event=picks, way=st.integers(0, 3))
    def execute(self, compilation: int, event: int, way: int) -> None:
        """A whole execution."""
        self.create_execution(compilation)
        self.set_all(99)
        if way == 0:
            self.compute(99)
        elif way == 1:
            self.start(99)
        elif way == 2:
            self.start_after(99, event, 1, 0)
        else:
            self.burst_compute(99, 99)

    @rule(execution=picks)
    def start(self, execution: int) -> None:
        self.make("Event", "Execution_startCompute", self.handle("Execution", execution))

    @rule(execution=picks, event=picks, count=st.integers(0, 2), duration=st.sampled_from([0, 1000]))
    def start_after(self, execution: int, event: int, count: int, duration: int) -> None:
        events = (ctypes.c_void_p * 2)(self.handle("Event", event), self.handle("Event", event + 1))
        handle = self.handle("Execution", execution)
        self.make("Event", "Execution_startComputeWithDependencies", handle, events, count, duration)

    @rule(execution=picks, index=small, code=st.integers(-1, 4))
    def ask(self, execution: int, index: int, code: int) -> None:
        handle = self.handle("Execution", execution)
        self.call("Execution_getDuration", handle, code, ctypes.c_uint64())
        self.call("Execution_getOutputOperandRank", handle, index, ctypes.c_uint32())
        self.call("Execution_getOutputOperandDimensions", handle, index, (ctypes.c_uint32 * 32)())

    @rule(compilation=picks)
    def create_burst(self, compilation: int) -> None:
        self.make("Burst", "Burst_create", self.handle("Compilation", compilation))

    @rule(execution=picks, burst=picks)
    def burst_compute(self, execution: int, burst: int) -> None:
        self.call("Execution_burstCompute", self.handle("Execution", execution), self.handle("Burst", burst))

    @rule(event=picks)
    def wait(self, event: int) -> None:
        handle, descriptor = self.handle("Event", event), ctypes.c_int(-2)
        self.call("Event_wait", handle)
        if self.call("Event_getSyncFenceFd", handle, descriptor) == 0:
            os.close(descriptor.value)

    @rule(is_fence=st.booleans(), wrong=st.sampled_from([-1, 0, 12345]))
    def create_fence(self, is_fence: bool, wrong: int) -> None:
        descriptor = os.eventfd(1)
        self.make("Event", "Event_createFromSyncFenceFd", descriptor if is_fence else wrong)
        os.close(descriptor)

    # Memories.

    @rule(size=lengths, protection=st.integers(0, 4), offset=st.sampled_from([0, 4, 5000, 2**40, 2**63]))
    def create_memory(self, size: int, protection: int, offset: int) -> None:
        descriptor = os.memfd_create("memory")
        os.ftruncate(descriptor, 8192)
        self.make("Memory", "Memory_createFromFd", size, protection, descriptor, offset)
        os.close(descriptor)
        self.make("Memory", "Memory_createFromFd", size, protection, -1, offset)

    @rule()
    def create_description(self) -> None:
        self.make("MemoryDesc", "MemoryDesc_create")

    @rule(desc=picks, compilation=picks, index=st.integers(0, 3), frequency=st.sampled_from([0.0, 0.5, 1.0, 2.0]))
    def add_role(self, desc: int, compilation: int, index: int, frequency: float) -> None:
        handles = self.handle("MemoryDesc", desc), self.handle("Compilation", compilation)
        self.call("MemoryDesc_addInputRole", *handles, index, frequency)
        self.call("MemoryDesc_addOutputRole", *handles, index, frequency)

    @rule(desc=picks, sizes=dimensions, nothing=picks)
    def describe(self, desc: int, sizes: list[int], nothing: int) -> None:
        handle = self.handle("MemoryDesc", desc)
        self.call("MemoryDesc_setDimensions", handle, len(sizes), indices(sizes) if nothing > 5 else None)
        self.call("MemoryDesc_finish", handle)

    @rule(desc=picks)
    def create_from_description(self, desc: int) -> None:
        self.make("Memory", "Memory_createFromDesc", self.handle("MemoryDesc", desc))

    @rule(source=picks, destination=picks)
    def copy_memory(self, source: int, destination: int) -> None:
        self.call("Memory_copy", self.handle("Memory", source), self.handle("Memory", destination))

    @rule()
    def hardware_buffer(self) -> None:
        code = self.nnapi.Memory_createFromAHardwareBuffer(self.address, ctypes.c_void_p())
        assert code == R.UNMAPPABLE

    # Devices, and the ends of everything.

    @rule(device=picks)
    def ask_device(self, device: int) -> None:
        handle = self.handle("Device", device)
        self.call("Device_getName", handle, ctypes.c_char_p())
        self.call("Device_getVersion", handle, ctypes.c_char_p())
        self.call("Device_getType", handle, ctypes.c_int32())
        self.call("Device_getFeatureLevel", handle, ctypes.c_int64())
        self.call("Device_getExtensionSupport", handle, b"com.example", ctypes.c_bool())
        self.call("Device_wait", handle)
        self.call("getDevice", 1_000_000, ctypes.c_void_p())

    @rule(kind=st.sampled_from(FREE), pick=picks)
    def free(self, kind: str, pick: int) -> None:
        getattr(self.nnapi, f"{kind}_free")(self.handle(kind, pick))

    @rule(name=st.sampled_from(["Model_create", "MemoryDesc_create", "getDeviceCount"]))
    def nowhere(self, name: str) -> None:
        assert getattr(self.nnapi, name)(None) == R.UNEXPECTED_NULL


def run(nnapi: Library, caplog: pytest.LogCaptureFixture, examples: int) -> None:
    Calls.nnapi = nnapi
    checks = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
    with caplog.at_level(logging.ERROR, "npu_hal.nnapi"):
        run_state_machine_as_test(
            Calls,
            settings=settings(
                max_examples=examples,
                stateful_step_count=30,
                suppress_health_check=checks,
            ),
        )
    unexpected = [record.getMessage() for record in caplog.records if record.name == "npu_hal.nnapi"]
    assert not unexpected, unexpected


def test_random_calls_get_specified_codes(nnapi: Library, caplog: pytest.LogCaptureFixture) -> None:
    run(nnapi, caplog, examples=60)


@pytest.mark.slow
def test_thousands_of_random_sequences_get_specified_codes(nnapi: Library, caplog: pytest.LogCaptureFixture) -> None:
    run(nnapi, caplog, examples=5000)
