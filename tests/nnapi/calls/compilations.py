"""Rules that compile models."""

import ctypes

from hypothesis import strategies as st
from hypothesis.stateful import rule

from .caller import Caller
from .strategies import picks


class CompilationCalls(Caller):
    """Rules of compilations."""

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
