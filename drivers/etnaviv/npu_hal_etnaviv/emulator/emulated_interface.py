"""The kernel interface with an emulated NPU behind it: what `emulator:NAME` opens."""

import itertools
import logging
import threading
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from npu_hal.api.errors import DeviceNotFound, InvalidState, OutOfDeviceMemory
from npu_hal_etnaviv.emulator.emulated_npu import EmulatedNpu
from npu_hal_etnaviv.emulator.faults import NpuFault
from npu_hal_etnaviv.emulator.memory import SubmittedBuffer
from npu_hal_etnaviv.hardware.npu_core import NpuCore, npu_core_named
from npu_hal_etnaviv.kernel.drm.softpin_heap import SoftpinHeap
from npu_hal_etnaviv.kernel.interface import (
    DEFAULT_TIMEOUT,
    PAGE_SIZE,
    Access,
    BufferFlags,
    BufferObject,
    CoreIdentity,
    Fence,
    KernelInterface,
    align_up,
)

log = logging.getLogger("npu_hal.etnaviv.emulator")

DEVICE_PREFIX = "emulator:"

MEMORY_LIMIT = 2 << 30
"""Bytes of buffers that an emulated device has."""


class EmulatedInterface(KernelInterface):
    """An emulated NPU core. Submits run at once in the caller's thread; a fault shows, as in life, at the fence.

    After a fault the device is lost: every later submit and wait raises DeviceLost, and another one must be opened.
    """

    def __init__(self, core: NpuCore) -> None:
        self._core = core
        self._npu = EmulatedNpu(core)
        self._heap = SoftpinHeap(PAGE_SIZE)
        self._buffers: dict[int, BufferObject] = {}
        self._handles = itertools.count(1)
        self._last_fence = 0
        self._fault: NpuFault | None = None
        self._closed = False
        self._used = 0
        self._lock = threading.RLock()

    @property
    def core(self) -> NpuCore:
        """The variant that is emulated."""
        return self._core

    @property
    def identity(self) -> CoreIdentity:
        """Which core this is."""
        return CoreIdentity(*self._core.identity)

    def allocate(self, size: int, flags: BufferFlags = BufferFlags.WRITE_COMBINED) -> BufferObject:
        """A new buffer object."""
        with self._lock:
            self._check_open("allocating a buffer")
            size = align_up(max(size, 1), PAGE_SIZE)
            if self._used + size > MEMORY_LIMIT:
                raise OutOfDeviceMemory(
                    f"{size} bytes were asked of the emulated NPU, of whose {MEMORY_LIMIT} bytes {self._used} are "
                    f"taken: close what is not needed"
                )
            buffer = BufferObject(next(self._handles), self._heap.allocate(size), size, flags, np.zeros(size, np.uint8))
            self._used += size
            self._buffers[buffer.handle] = buffer
            return buffer

    def release(self, buffer: BufferObject) -> None:
        """Give a buffer back."""
        with self._lock:
            if self._buffers.get(buffer.handle) is not buffer:
                return
            del self._buffers[buffer.handle]
            buffer.mapping = None
            self._used -= buffer.size
            self._heap.free(buffer.address)

    def cpu_prep(self, buffer: BufferObject, access: Access, timeout: float = DEFAULT_TIMEOUT) -> None:
        """Check the buffer; whatever uses it is done already."""
        self._check_open("preparing a buffer")
        self._check_own(buffer)

    def cpu_fini(self, buffer: BufferObject) -> None:
        """Check the buffer."""
        self._check_open("ending a buffer's access")
        self._check_own(buffer)

    def submit(self, words: NDArray[np.uint32], buffers: Sequence[tuple[BufferObject, Access]]) -> Fence:
        """Run a command stream."""
        with self._lock:
            self._check_open("a submit")
            self._check_not_lost()
            for buffer, _ in buffers:
                self._check_own(buffer)
            listed = [SubmittedBuffer(buffer.handle, buffer.address, buffer.data, access) for buffer, access in buffers]
            try:
                self._npu.run(np.asarray(words, np.uint32), listed)
            except NpuFault as fault:
                log.error("%s", fault)
                self._fault = fault
            self._last_fence += 1
            return Fence(self._last_fence)

    def wait(self, fence: Fence, timeout: float = DEFAULT_TIMEOUT) -> None:
        """Report the fault of a submit, if there was one."""
        with self._lock:
            self._check_open("waiting for a fence")
            if not 0 < fence <= self._last_fence:
                raise InvalidState(f"fence {fence} was waited for, and no submit has returned it")
            self._check_not_lost()

    def close(self) -> None:
        """Give every buffer back."""
        with self._lock:
            for buffer in list(self._buffers.values()):
                self.release(buffer)
            self._closed = True

    def _check_open(self, what: str) -> None:
        if self._closed:
            raise InvalidState(f"{what} was asked of an emulated NPU after it was closed; open it again")

    def _check_own(self, buffer: BufferObject) -> None:
        if self._buffers.get(buffer.handle) is not buffer:
            raise InvalidState(f"buffer {buffer.handle} is not one of this device, or was released")

    def _check_not_lost(self) -> None:
        if self._fault is not None:
            fault = self._fault
            raise NpuFault(fault.place, fault.problem)


def open_emulator(name: str) -> EmulatedInterface:
    """Open `emulator:NAME`, or NAME: a variant of the table of cores, or an alias such as a311d or imx8mp.

    Raises DeviceNotFound if there is no such variant.
    """
    try:
        core = npu_core_named(name.removeprefix(DEVICE_PREFIX))
    except KeyError as error:
        raise DeviceNotFound(f"the device {name} was asked for, and {error.args[0]}") from None
    return EmulatedInterface(core)
