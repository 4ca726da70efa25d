"""Captures of submits: one folder a submit, in a form that other tools write as well.

A folder holds `cmdstream.bin` (little-endian words), `bos.json` ({"bos": [{"handle", "va", "size", "access", "file"}],
"stream_size", "flags"}, sizes in bytes, access "r", "w" or "rw"), and each buffer's bytes as they were at the submit.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from npu_hal.api.errors import InvalidInput, InvalidOption
from npu_hal_etnaviv.kernel.drm.uapi import SubmitFlags
from npu_hal_etnaviv.kernel.interface import (
    ADDRESS_SPACE_END,
    DEFAULT_TIMEOUT,
    Access,
    BufferFlags,
    BufferObject,
    CoreIdentity,
    Fence,
    KernelInterface,
)

STREAM_FILE = "cmdstream.bin"
TABLE_FILE = "bos.json"

AccessName = Literal["r", "w", "rw"]

_ACCESS_NAMES: dict[Access, AccessName] = {
    Access.READ: "r",
    Access.WRITE: "w",
    Access.READ | Access.WRITE: "rw",
}
_ACCESSES: dict[AccessName, Access] = {name: access for access, name in _ACCESS_NAMES.items()}


@dataclass(frozen=True, slots=True)
class CapturedBuffer:
    """One buffer of a captured submit; `data` is uint8 [size]."""

    handle: int
    address: int
    access: Access
    data: NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Capture:
    """A captured submit: command words (uint32 [n]), buffers in the order of the submit, and the submit's flags."""

    words: NDArray[np.uint32]
    buffers: tuple[CapturedBuffer, ...]
    flags: int = SubmitFlags.SOFTPIN


class _Entry(BaseModel):
    """One buffer in bos.json."""

    model_config = ConfigDict(extra="ignore")

    handle: int = Field(ge=0)
    va: int = Field(ge=0, lt=ADDRESS_SPACE_END)
    size: int = Field(ge=1, le=ADDRESS_SPACE_END)
    access: AccessName
    file: str = Field(pattern=r"^[^/\\]+$")


class _Table(BaseModel):
    """bos.json."""

    model_config = ConfigDict(extra="ignore")

    bos: list[_Entry]
    stream_size: int = Field(ge=0)
    flags: int = 0


def write_capture(folder: Path, capture: Capture) -> None:
    """Write a capture to a folder that does not exist yet; the folders above it are made.

    Raises InvalidOption if there is something at `folder`, or it can not be written.
    """
    entries = []
    try:
        folder.mkdir(parents=True)
        for buffer in capture.buffers:
            name = f"bo-{buffer.handle}.bin"
            entries.append(
                _Entry(
                    handle=buffer.handle,
                    va=buffer.address,
                    size=buffer.data.size,
                    access=_ACCESS_NAMES[buffer.access],
                    file=name,
                )
            )
            _write_new(folder / name, buffer.data.tobytes())
        table = _Table(bos=entries, stream_size=4 * capture.words.size, flags=capture.flags)
        _write_new(folder / STREAM_FILE, capture.words.astype("<u4").tobytes())
        _write_new(folder / TABLE_FILE, table.model_dump_json(indent=1).encode())
    except FileExistsError:
        raise InvalidOption(f"a dump was to be written to {folder}, which exists: name another folder") from None
    except OSError as error:
        raise InvalidOption(f"a dump was to be written to {folder}, which failed: {error.strerror}") from error


def read_capture(folder: Path) -> Capture:
    """Read a capture. A buffer's file may be shorter than the buffer: the rest was zero.

    Raises InvalidInput if a file is missing or is not in the form of a capture.
    """
    try:
        table = _Table.model_validate_json((folder / TABLE_FILE).read_bytes())
        stream = (folder / STREAM_FILE).read_bytes()
        files = [(folder / entry.file).read_bytes() for entry in table.bos]
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise InvalidInput(f"{folder / TABLE_FILE} does not describe a submit: {where}: {first['msg']}") from error
    except OSError as error:
        raise InvalidInput(f"{error.filename} of the capture {folder} can not be read: {error.strerror}") from error
    if len(stream) != table.stream_size or len(stream) % 4:
        raise InvalidInput(
            f"{folder / STREAM_FILE} has {len(stream)} bytes, and {TABLE_FILE} says {table.stream_size}; words have 4"
        )
    buffers = []
    for entry, content in zip(table.bos, files, strict=True):
        if len(content) > entry.size:
            raise InvalidInput(f"{folder / entry.file} has {len(content)} bytes, more than its buffer of {entry.size}")
        data = np.zeros(entry.size, np.uint8)
        data[: len(content)] = np.frombuffer(content, np.uint8)
        buffers.append(CapturedBuffer(entry.handle, entry.va, _ACCESSES[entry.access], data))
    return Capture(np.frombuffer(stream, "<u4").astype(np.uint32), tuple(buffers), table.flags)


def capture_folders(root: Path) -> list[Path]:
    """The captures in a folder, which may be one itself, in the order of their names."""
    if (root / TABLE_FILE).is_file():
        return [root]
    if not root.is_dir():
        raise InvalidInput(f"captures were asked of {root}, which is no folder")
    folders = sorted(path.parent for path in root.glob(f"*/{TABLE_FILE}"))
    if not folders:
        raise InvalidInput(f"captures were asked of {root}, and neither it nor a folder in it holds a {TABLE_FILE}")
    return folders


class RecordingInterface(KernelInterface):
    """Another kernel interface whose submits are written down: `submit-0000`, `submit-0001`, ... in a folder.

    Numbers that are taken are passed over, so that nothing that exists is touched.
    """

    def __init__(self, inner: KernelInterface, root: Path) -> None:
        self._inner = inner
        self._root = root
        self._numbers = itertools.count()

    @property
    def identity(self) -> CoreIdentity:
        """Which core this is."""
        return self._inner.identity

    def allocate(self, size: int, flags: BufferFlags = BufferFlags.WRITE_COMBINED) -> BufferObject:
        """A new buffer object."""
        return self._inner.allocate(size, flags)

    def release(self, buffer: BufferObject) -> None:
        """Give a buffer back."""
        self._inner.release(buffer)

    def cpu_prep(self, buffer: BufferObject, access: Access, timeout: float = DEFAULT_TIMEOUT) -> None:
        """Wait until the CPU may access the buffer."""
        self._inner.cpu_prep(buffer, access, timeout)

    def cpu_fini(self, buffer: BufferObject) -> None:
        """Say that the CPU's access is over."""
        self._inner.cpu_fini(buffer)

    def submit(self, words: NDArray[np.uint32], buffers: Sequence[tuple[BufferObject, Access]]) -> Fence:
        """Write the submit down, its buffers as earlier submits have left them, and queue it."""
        captured = []
        for buffer, access in buffers:
            self._inner.cpu_prep(buffer, Access.READ)
            captured.append(CapturedBuffer(buffer.handle, buffer.address, access, buffer.data))
            self._inner.cpu_fini(buffer)
        write_capture(self._free_folder(), Capture(np.asarray(words, np.uint32), tuple(captured)))
        return self._inner.submit(words, buffers)

    def wait(self, fence: Fence, timeout: float = DEFAULT_TIMEOUT) -> None:
        """Wait for a fence."""
        self._inner.wait(fence, timeout)

    def close(self) -> None:
        """Close the interface below."""
        self._inner.close()

    def _free_folder(self) -> Path:
        for number in self._numbers:
            folder = self._root / f"submit-{number:04}"
            if not folder.exists():
                return folder
        raise AssertionError("numbers do not end")


def _write_new(path: Path, content: bytes) -> None:
    with path.open("xb") as file:
        file.write(content)
