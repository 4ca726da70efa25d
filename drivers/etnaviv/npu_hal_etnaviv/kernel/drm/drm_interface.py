"""The kernel interface over DRM ioctls on a render node."""

import contextlib
import ctypes
import logging
import os
import threading
import time
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from npu_hal.api.errors import InvalidState
from npu_hal_etnaviv.kernel.drm import uapi
from npu_hal_etnaviv.kernel.drm.ioctl import error_in_words, ioctl
from npu_hal_etnaviv.kernel.drm.memory_map import map_shared
from npu_hal_etnaviv.kernel.drm.render_node import NpuNode
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

log = logging.getLogger("npu_hal.etnaviv.drm")


class DrmInterface(KernelInterface):
    """An NPU behind a render node. Processes do not disturb each other: each has its own GPU addresses."""

    def __init__(self, node: NpuNode) -> None:
        """Open the node; raises DevicePermission, DeviceLost or OutOfDeviceMemory if that fails."""
        self._node = node
        self._lock = threading.RLock()
        self._heap = SoftpinHeap(node.softpin_start)
        self._buffers: dict[int, BufferObject] = {}
        try:
            self._descriptor = os.open(node.path, os.O_RDWR | os.O_CLOEXEC)
        except OSError as error:
            raise error_in_words(error, "opening the NPU", str(node.path)) from error

    @property
    def identity(self) -> CoreIdentity:
        """Which core this is."""
        return self._node.identity

    def allocate(self, size: int, flags: BufferFlags = BufferFlags.WRITE_COMBINED) -> BufferObject:
        """A new buffer object, mapped; whatever step fails, the steps before it are undone."""
        size = align_up(max(size, 1), PAGE_SIZE)
        with self._lock, contextlib.ExitStack() as undo:
            address = self._heap.allocate(size)
            undo.callback(self._heap.free, address)
            new = uapi.GemNew(size=size, flags=flags)
            self._call(uapi.Ioctl.GEM_NEW, new, f"allocating {size} bytes")
            undo.callback(self._close_handle, new.handle)
            info = uapi.GemInfo(handle=new.handle)
            self._call(uapi.Ioctl.GEM_INFO, info, f"asking where buffer {new.handle} is mapped")
            try:
                mapping = map_shared(self._descriptor, info.offset, size)
            except OSError as error:
                raise error_in_words(error, f"mapping {size} bytes", str(self._node.path)) from error
            undo.pop_all()
            buffer = BufferObject(new.handle, address, size, flags, mapping)
            self._buffers[buffer.handle] = buffer
        return buffer

    def release(self, buffer: BufferObject) -> None:
        """Give a buffer back."""
        with self._lock:
            if self._buffers.get(buffer.handle) is not buffer:
                return
            del self._buffers[buffer.handle]
            buffer.mapping = None
            self._close_handle(buffer.handle)
            self._heap.free(buffer.address)

    def cpu_prep(self, buffer: BufferObject, access: Access, timeout: float = DEFAULT_TIMEOUT) -> None:
        """Wait until the CPU may access the buffer."""
        deadline = time.monotonic() + timeout
        argument = uapi.GemCpuPrep(handle=buffer.handle, op=access, timeout=_timespec(deadline))
        self._call(uapi.Ioctl.GEM_CPU_PREP, argument, f"waiting {timeout:g} s for buffer {buffer.handle}", deadline)

    def cpu_fini(self, buffer: BufferObject) -> None:
        """Say that the CPU's access is over."""
        self._call(
            uapi.Ioctl.GEM_CPU_FINI,
            uapi.GemCpuFini(handle=buffer.handle),
            f"ending access to {buffer.handle}",
        )

    def submit(self, words: NDArray[np.uint32], buffers: Sequence[tuple[BufferObject, Access]]) -> Fence:
        """Queue a command stream."""
        stream = np.ascontiguousarray(words, "<u4")
        table = (uapi.GemSubmitBo * len(buffers))()
        for entry, (buffer, access) in zip(table, buffers, strict=True):
            entry.flags, entry.handle, entry.presumed = access, buffer.handle, buffer.address
        argument = uapi.GemSubmit(
            pipe=self._node.pipe,
            exec_state=uapi.ExecState.PIPE_3D,
            nr_bos=len(buffers),
            stream_size=stream.nbytes,
            bos=ctypes.addressof(table),
            stream=stream.ctypes.data,
            flags=uapi.SubmitFlags.SOFTPIN,
            fence_fd=-1,
        )
        what = f"submitting {stream.size} command words with {len(buffers)} buffers"
        self._call(uapi.Ioctl.GEM_SUBMIT, argument, what)
        return Fence(argument.fence)

    def wait(self, fence: Fence, timeout: float = DEFAULT_TIMEOUT) -> None:
        """Wait for a fence."""
        deadline = time.monotonic() + timeout
        argument = uapi.WaitFence(pipe=self._node.pipe, fence=fence, timeout=_timespec(deadline))
        self._call(uapi.Ioctl.WAIT_FENCE, argument, f"waiting {timeout:g} s for fence {fence}", deadline)

    def close(self) -> None:
        """Give every buffer and the node back."""
        with self._lock:
            if self._descriptor < 0:
                return
            for buffer in list(self._buffers.values()):
                self.release(buffer)
            os.close(self._descriptor)
            self._descriptor = -1

    def _call(self, request: uapi.Ioctl, argument: ctypes.Structure, what: str, deadline: float | None = None) -> None:
        """An ioctl on the node; a failure becomes the exception that says what was asked."""
        if self._descriptor < 0:
            raise InvalidState(f"{what} was asked of {self._node.path} after it was closed; open it again")
        try:
            ioctl(self._descriptor, request, argument, deadline)
        except OSError as error:
            raise error_in_words(error, what, str(self._node.path)) from error

    def _close_handle(self, handle: int) -> None:
        """GEM_CLOSE. It fails only if the device is gone, and the handle with it: a message will do."""
        try:
            ioctl(self._descriptor, uapi.Ioctl.GEM_CLOSE, uapi.GemClose(handle=handle))
        except OSError as error:
            log.warning("%s", error_in_words(error, f"closing buffer {handle}", str(self._node.path)))


def _timespec(deadline: float) -> uapi.Timespec:
    """A time of `time.monotonic`, which is CLOCK_MONOTONIC on Linux, as the kernel takes it."""
    seconds = int(deadline)
    return uapi.Timespec(tv_sec=seconds, tv_nsec=int((deadline - seconds) * 1e9))
