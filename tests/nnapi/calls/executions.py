"""Rules that execute compilations, in every way, and wait for the ends."""

import ctypes
import os

from hypothesis import strategies as st
from hypothesis.stateful import rule

from npu_hal_nnapi import OperandCode

from ..c_library import operand_type
from .caller import Caller
from .strategies import dimensions, lengths, picks, small


class ExecutionCalls(Caller):
    """Rules of executions, bursts and events."""

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
