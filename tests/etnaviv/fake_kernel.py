"""A stand-in for the kernel's DRM driver: it serves the preloaded shim's render nodes with emulated NPUs.

with FakeKernel(folder, library, {"renderD128": FakeNode()}) as kernel:
    kernel.run("-m", "tests.etnaviv.drm_client", ...)
"""

import contextlib
import ctypes
import errno
import itertools
import json
import os
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from npu_hal_etnaviv.emulator.emulated_npu import EmulatedNpu
from npu_hal_etnaviv.emulator.faults import NpuFault
from npu_hal_etnaviv.emulator.memory import SubmittedBuffer
from npu_hal_etnaviv.hardware.npu_core import npu_core_identified, npu_core_named
from npu_hal_etnaviv.kernel.drm import uapi
from npu_hal_etnaviv.kernel.drm.memory_map import map_shared
from npu_hal_etnaviv.kernel.interface import Access, CoreIdentity
from tests.conftest import REPOSITORY

REQUEST = struct.Struct("<IIQQ")
REPLY = struct.Struct("<iI")
OPEN, IOCTL, MMAP = 1, 2, 3
SOFTPIN_START = 0x400000

GC7000 = CoreIdentity(0x7000, 0x6214, 0x70003, 0x0, 0x0)
"""A GPU without an NPU."""


def npu(name: str) -> CoreIdentity:
    return CoreIdentity(*npu_core_named(name).identity)


@dataclass(frozen=True)
class FakeNode:
    """A render node: the cores behind it by pipe, and how its driver answers."""

    cores: tuple[CoreIdentity, ...] = field(default_factory=lambda: (npu("a311d"),))
    driver: str = "etnaviv"
    version: tuple[int, int] = (1, 4)
    softpin: bool = True
    open_error: int = 0


class FakeKernel:
    """Serves nodes until it is left. `open_clients` and `open_handles` tell what clients have not given back."""

    def __init__(self, folder: Path, library: Path, nodes: Mapping[str, FakeNode]) -> None:
        self.folder = folder
        self.open_clients = 0
        self.open_handles = 0
        self.double_closes = 0
        self._library = library
        self._nodes = nodes
        self._address = folder / "socket"
        self._listener = socket.socket(socket.AF_UNIX)
        self._threads: list[threading.Thread] = []
        self.lock = threading.Lock()
        folder.mkdir(parents=True, exist_ok=True)
        for name in nodes:
            (folder / name).touch()

    def environment(self, fault: str = "") -> dict[str, str]:
        """The environment in which a process sees the nodes."""
        return {
            **os.environ,
            "LD_PRELOAD": str(self._library),
            "ETNAVIV_SHIM_FOLDER": str(self.folder),
            "ETNAVIV_SHIM_SOCKET": str(self._address),
            "ETNAVIV_SHIM_FAULT": fault,
            "TEFLON_DRM_DIR": str(self.folder),
            "OMP_NUM_THREADS": "1",
        }

    def run(self, *arguments: str) -> Any:
        """The JSON that Python, started with these arguments in a process which sees the nodes, prints."""
        done = subprocess.run(
            [sys.executable, *arguments],
            env=self.environment(),
            cwd=REPOSITORY,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def __enter__(self) -> Self:
        self._listener.bind(str(self._address))
        self._listener.listen()
        self._start(self._accept)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(10)

    def _start(self, target: object, *arguments: object) -> None:
        thread = threading.Thread(target=target, args=arguments, daemon=True)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self._start(self._serve, connection)

    def _serve(self, connection: socket.socket) -> None:
        with connection, self._counted():
            client = _Client(self)
            try:
                while header := _receive(connection, REQUEST.size):
                    operation, length, number, size = REQUEST.unpack(header)
                    data = _receive(connection, length)
                    passed: list[int] = []
                    try:
                        if operation == OPEN:
                            answer = client.open(self._nodes[data.decode()])
                        elif operation == IOCTL:
                            answer = client.ioctl(uapi.Ioctl(number), data, size)
                        else:
                            answer, passed = b"", [client.memory_descriptor(number, size)]
                        reply = REPLY.pack(0, len(answer)) + answer
                    except OSError as error:
                        reply = REPLY.pack(error.errno or errno.EIO, 0)
                    if passed:
                        socket.send_fds(connection, [reply], passed)
                    else:
                        connection.sendall(reply)
            finally:
                client.close()

    @contextlib.contextmanager
    def _counted(self) -> Iterator[None]:
        with self.lock:
            self.open_clients += 1
        try:
            yield
        finally:
            with self.lock:
                self.open_clients -= 1


@dataclass
class _Buffer:
    descriptor: int
    data: NDArray[np.uint8]


class _Client:
    """What one open of a node has in the kernel."""

    def __init__(self, kernel: FakeKernel) -> None:
        self._kernel = kernel
        self._node = FakeNode()
        self._buffers: dict[int, _Buffer] = {}
        self._handles = itertools.count(1)
        self._npus: dict[int, EmulatedNpu] = {}
        self._fence = 0
        self._lost = False

    def open(self, node: FakeNode) -> bytes:
        if node.open_error:
            raise OSError(node.open_error, "")
        self._node = node
        return b""

    def close(self) -> None:
        for handle in list(self._buffers):
            self._close_handle(handle)

    def memory_descriptor(self, offset: int, size: int) -> int:
        buffer = self._buffer(offset >> 12)
        if size > buffer.data.size:
            raise OSError(errno.EINVAL, "")
        return buffer.descriptor

    def ioctl(self, request: uapi.Ioctl, data: bytes, size: int) -> bytes:
        head, rest = data[:size], data[size:]
        match request:
            case uapi.Ioctl.VERSION:
                name = self._node.driver.encode()
                major, minor = self._node.version
                version = uapi.Version(version_major=major, version_minor=minor, name_len=len(name))
                return bytes(version) + name
            case uapi.Ioctl.GET_PARAM:
                param = uapi.GetParam.from_buffer_copy(head)
                param.value = self._parameter(param.pipe, param.param)
                return bytes(param)
            case uapi.Ioctl.GEM_NEW:
                new = uapi.GemNew.from_buffer_copy(head)
                new.handle = self._new_buffer(new.size)
                return bytes(new)
            case uapi.Ioctl.GEM_INFO:
                info = uapi.GemInfo.from_buffer_copy(head)
                self._buffer(info.handle)
                info.offset = info.handle << 12
                return bytes(info)
            case uapi.Ioctl.GEM_CPU_PREP | uapi.Ioctl.GEM_CPU_FINI:
                self._buffer(struct.unpack_from("<I", head)[0])
                return b""
            case uapi.Ioctl.GEM_CLOSE:
                handle = uapi.GemClose.from_buffer_copy(head).handle
                if handle not in self._buffers:
                    self._kernel.double_closes += 1
                    raise OSError(errno.EINVAL, "")
                self._close_handle(handle)
                return b""
            case uapi.Ioctl.GEM_SUBMIT:
                return self._submit(uapi.GemSubmit.from_buffer_copy(head), rest)
            case uapi.Ioctl.WAIT_FENCE:
                if self._lost:
                    raise OSError(errno.EIO, "")
                if uapi.WaitFence.from_buffer_copy(head).fence > self._fence:
                    raise OSError(errno.EINVAL, "")
                return b""

    def _parameter(self, pipe: int, parameter: int) -> int:
        if pipe >= len(self._node.cores):
            raise OSError(errno.ENXIO, "")
        core = self._node.cores[pipe]
        values = {
            uapi.Param.GPU_MODEL: core.model,
            uapi.Param.GPU_REVISION: core.revision,
            uapi.Param.PRODUCT_ID: core.product_id,
            uapi.Param.ECO_ID: core.eco_id,
            uapi.Param.CUSTOMER_ID: core.customer_id,
            uapi.Param.SOFTPIN_START_ADDRESS: SOFTPIN_START if self._node.softpin else uapi.NO_SOFTPIN,
        }
        if parameter not in values:
            raise OSError(errno.EINVAL, "")
        return values[uapi.Param(parameter)]

    def _new_buffer(self, size: int) -> int:
        descriptor = os.memfd_create("etnaviv-buffer", os.MFD_CLOEXEC)
        os.ftruncate(descriptor, size)
        handle = next(self._handles)
        self._buffers[handle] = _Buffer(descriptor, map_shared(descriptor, 0, size))
        with self._kernel.lock:
            self._kernel.open_handles += 1
        return handle

    def _close_handle(self, handle: int) -> None:
        os.close(self._buffers.pop(handle).descriptor)
        with self._kernel.lock:
            self._kernel.open_handles -= 1

    def _buffer(self, handle: int) -> _Buffer:
        if handle not in self._buffers:
            raise OSError(errno.ENOENT, "")
        return self._buffers[handle]

    def _submit(self, submit: uapi.GemSubmit, rest: bytes) -> bytes:
        table_bytes = submit.nr_bos * ctypes.sizeof(uapi.GemSubmitBo)
        table = (uapi.GemSubmitBo * submit.nr_bos).from_buffer_copy(rest[:table_bytes])
        if not submit.flags & uapi.SubmitFlags.SOFTPIN or submit.nr_relocs or submit.nr_pmrs:
            raise OSError(errno.EINVAL, "")
        identity = self._node.cores[submit.pipe]
        core = npu_core_identified(*identity)
        if core is None:
            raise OSError(errno.EINVAL, "")
        emulated = self._npus.setdefault(submit.pipe, EmulatedNpu(core))
        words = np.frombuffer(rest[table_bytes:], "<u4")
        try:
            buffers = [
                SubmittedBuffer(entry.handle, entry.presumed, self._buffer(entry.handle).data, Access(entry.flags))
                for entry in table
            ]
            emulated.run(words, buffers)
        except NpuFault:
            self._lost = True
        self._fence += 1
        submit.fence = self._fence
        return bytes(submit)


def _receive(connection: socket.socket, size: int) -> bytes:
    """Exactly `size` bytes, or none if the client has gone."""
    data = b""
    while len(data) < size:
        part = connection.recv(size - len(data))
        if not part:
            return b""
        data += part
    return data


def build_shim(folder: Path) -> Path:
    """Compile the shim."""
    library = folder / "shim.so"
    source = Path(__file__).parent / "shim" / "shim.c"
    options = ["-O1", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC"]
    subprocess.run(["cc", *options, "-o", str(library), str(source), "-ldl", "-lpthread"], check=True)
    return library
