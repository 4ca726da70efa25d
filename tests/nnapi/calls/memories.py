"""Rules that make memories and copy between them."""

import ctypes
import os

from hypothesis import strategies as st
from hypothesis.stateful import rule

from npu_hal_nnapi import ResultCode

from ..c_library import indices
from .caller import Caller
from .strategies import dimensions, lengths, picks


class MemoryCalls(Caller):
    """Rules of memories and their descriptions."""

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
        assert code == ResultCode.UNMAPPABLE
