"""All rules together, from a start that lets most sequences get far."""

import ctypes

from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule

from npu_hal_nnapi import OperationCode, ResultCode

from ..c_library import FREE
from .compilations import CompilationCalls
from .executions import ExecutionCalls
from .memories import MemoryCalls
from .models import ModelCalls
from .strategies import picks


class Calls(ModelCalls, CompilationCalls, ExecutionCalls, MemoryCalls):
    """Sequences of calls of any of the functions."""

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

    def find_devices(self) -> None:
        count = ctypes.c_uint32()
        self.call("getDeviceCount", count)
        for index in range(count.value):
            self.make("Device", "getDevice", index)

    def software_device(self) -> int | None:
        for handle in self.handles["Device"]:
            name = ctypes.c_char_p()
            self.call("Device_getName", handle, name)
            if name.value == b"software.cpu":
                return handle
        return None

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
        assert getattr(self.nnapi, name)(None) == ResultCode.UNEXPECTED_NULL
