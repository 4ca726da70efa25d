"""What the driver needs of a kernel: buffers at chosen GPU addresses, submits, fences.

The life of an interface:

1. It is opened on one NPU core, which `identity` names.
2. `allocate` makes buffer objects. Each has a GPU address for its whole life and a CPU mapping, `data`.
3. Before the CPU touches a buffer that a submit may still use: `cpu_prep`; afterwards: `cpu_fini`.
4. `submit` queues command words and returns a fence; `wait` waits for it.
5. `release` gives one buffer back; `close` gives back every one and the device itself.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntFlag
from types import TracebackType
from typing import NamedTuple, NewType, Self

import numpy as np
from numpy.typing import NDArray

from npu_hal.api.errors import InvalidState

Fence = NewType("Fence", int)
"""What `submit` returns and `wait` takes; fences of one interface complete in the order of their submits."""

PAGE_SIZE = 4096
"""Bytes. GPU addresses and sizes of buffer objects are multiples of it."""

DEFAULT_TIMEOUT = 10.0
"""Seconds that a wait takes at most unless the caller says otherwise."""

ADDRESS_SPACE_END = 1 << 32
"""One past the last GPU address: addresses in descriptors and commands have 32 bits."""


class Access(IntFlag):
    """What the NPU (in a submit) or the CPU (in `cpu_prep`) does with a buffer. DRM uses the same bits for both."""

    READ = 1
    WRITE = 2


class BufferFlags(IntFlag):
    """How the CPU's mapping of a buffer is cached; the values are the kernel's."""

    CACHED = 0x10000
    WRITE_COMBINED = 0x20000
    UNCACHED = 0x40000


class CoreIdentity(NamedTuple):
    """The identification registers of one core, as GET_PARAM reports them (hardware note, section 1)."""

    model: int
    revision: int
    product_id: int
    eco_id: int
    customer_id: int

    def __str__(self) -> str:
        return (
            f"model {self.model:#x}, revision {self.revision:#x}, product {self.product_id:#x}, "
            f"eco {self.eco_id:#x}, customer {self.customer_id:#x}"
        )


@dataclass(eq=False, slots=True)
class BufferObject:
    """A piece of memory that CPU and NPU share.

    handle: the kernel's name for it within one interface, never 0.
    address: GPU address, a multiple of `PAGE_SIZE`.
    size: bytes, a multiple of `PAGE_SIZE`.
    """

    handle: int
    address: int
    size: int
    flags: BufferFlags
    mapping: NDArray[np.uint8] | None

    @property
    def data(self) -> NDArray[np.uint8]:
        """The CPU's mapping: a writable uint8 view of `size` bytes, zero when new.

        A view taken from it stays valid after `release`: the memory goes when the last view does.
        Raises InvalidState after `release`.
        """
        if self.mapping is None:
            raise InvalidState(f"buffer {self.handle} was mapped after its release; allocate another one")
        return self.mapping


class KernelInterface(ABC):
    """One opened NPU core. Methods may be called from several threads.

    Every method but `release` and `close` raises InvalidState after `close`, and DeviceLost if the device is gone.
    """

    @property
    @abstractmethod
    def identity(self) -> CoreIdentity:
        """Which core this is."""

    @abstractmethod
    def allocate(self, size: int, flags: BufferFlags = BufferFlags.WRITE_COMBINED) -> BufferObject:
        """A new buffer object of at least `size` bytes (at least 1), filled with zeros.

        Raises OutOfDeviceMemory if neither memory nor GPU addresses are left for it.
        """

    @abstractmethod
    def release(self, buffer: BufferObject) -> None:
        """Give a buffer back. A submit under way keeps its memory until it is done. Releasing twice is harmless."""

    @abstractmethod
    def cpu_prep(self, buffer: BufferObject, access: Access, timeout: float = DEFAULT_TIMEOUT) -> None:
        """Wait until the CPU may access the buffer's mapping in this way; `timeout` in seconds.

        Raises DeviceTimeout if the NPU still uses the buffer then.
        """

    @abstractmethod
    def cpu_fini(self, buffer: BufferObject) -> None:
        """Say that the access announced by `cpu_prep` is over."""

    @abstractmethod
    def submit(self, words: NDArray[np.uint32], buffers: Sequence[tuple[BufferObject, Access]]) -> Fence:
        """Queue a command stream (uint32, shape [n]) that uses these buffers, each listed once.

        Returns the fence that is signalled when the stream is done. The words are copied.
        """

    @abstractmethod
    def wait(self, fence: Fence, timeout: float = DEFAULT_TIMEOUT) -> None:
        """Wait for a fence, at most `timeout` seconds.

        Raises DeviceTimeout if it is not signalled by then, DeviceLost if the NPU faulted.
        """

    @abstractmethod
    def close(self) -> None:
        """Give everything back. Closing twice is harmless."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


def align_up(value: int, alignment: int) -> int:
    """The smallest multiple of `alignment` that is not less than `value`."""
    return -(-value // alignment) * alignment
