"""Memory that operands' values can be read from and written to."""

import mmap
import os
import stat
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from npu_hal_nnapi.codes import ResultCode
from npu_hal_nnapi.errors import NnapiError, bad_data

if TYPE_CHECKING:
    from npu_hal_nnapi.compilation import Compilation

PROT_READ = mmap.PROT_READ
PROT_WRITE = mmap.PROT_WRITE

Role = Literal["input", "output"]


class Memory(ABC):
    """A region of bytes. `data` are those bytes, `size` is their number."""

    data: NDArray[np.uint8]

    @property
    def size(self) -> int:
        """Size in bytes."""
        return self.data.nbytes

    @property
    def is_initialized(self) -> bool:
        """Whether there is something to be read."""
        return True

    @abstractmethod
    def constant(self, offset: int, length: int) -> NDArray[Any]:
        """The part of this memory that is a constant of a model; BAD_DATA if it cannot be."""

    @abstractmethod
    def argument(self, compilation: "Compilation", role: Role, index: int, offset: int, length: int) -> NDArray[Any]:
        """The part of this memory that is an execution's input or output number `index`; BAD_DATA if it cannot be."""

    @abstractmethod
    def set_initialized(self, is_initialized: bool) -> None:
        """Note whether an execution has left something in this memory."""


class MappedMemory(Memory):
    """Memory that is mapped from a file descriptor.

    Raises `NnapiError`: BAD_DATA for a size that is not positive or reaches beyond the end of the file, UNMAPPABLE if
    the descriptor cannot be mapped so. The descriptor may be closed afterwards.
    """

    def __init__(self, size: int, protection: int, descriptor: int, offset: int = 0) -> None:
        if size <= 0 or offset < 0:
            raise bad_data(f"a memory of {size} bytes at offset {offset} cannot be mapped")
        if protection & ~(PROT_READ | PROT_WRITE) or not protection:
            raise bad_data(f"{protection} is no protection that a memory can have")
        # mmap wants whole pages; the view starts where the caller's region does.
        start = offset % mmap.ALLOCATIONGRANULARITY
        try:
            status = os.fstat(descriptor)
            # A mapping beyond the end of a file would raise SIGBUS on access, not an error.
            if stat.S_ISREG(status.st_mode) and status.st_size < offset + size:
                raise bad_data(f"{offset} + {size} bytes are beyond the end of the file")
            self._mapping = mmap.mmap(descriptor, start + size, mmap.MAP_SHARED, protection, offset=offset - start)
        except (OSError, ValueError, OverflowError) as error:
            raise NnapiError(ResultCode.UNMAPPABLE, f"the descriptor cannot be mapped: {error}") from None
        self.data = np.frombuffer(self._mapping, np.uint8)[start:]

    def constant(self, offset: int, length: int) -> NDArray[Any]:
        """`length` bytes from `offset` on; BAD_DATA if they are not inside."""
        if offset < 0 or length < 0 or offset + length > self.size:
            raise bad_data(f"{length} bytes at {offset} are not inside of a memory of {self.size} bytes")
        return self.data[offset : offset + length]

    def argument(self, compilation: "Compilation", role: Role, index: int, offset: int, length: int) -> NDArray[Any]:
        """`length` bytes from `offset` on; BAD_DATA if they are not inside, or read-only for an output."""
        data = self.constant(offset, length)
        if role == "output" and not data.flags.writeable:
            raise bad_data(f"the memory for output {index} is read-only")
        return data

    def set_initialized(self, is_initialized: bool) -> None:
        """Nothing to note: a mapping always holds something."""


def copy_memory(source: Memory, destination: Memory) -> None:
    """Copy the contents of a memory; BAD_DATA if there are none, or the memories are not alike."""
    if source is destination:
        return
    if not source.is_initialized:
        raise bad_data("the memory to copy from holds nothing yet")
    if source.size != destination.size:
        raise bad_data(f"a memory of {source.size} bytes cannot be copied to one of {destination.size} bytes")
    if not destination.data.flags.writeable:
        raise bad_data("the memory to copy to is read-only")
    destination.data[...] = source.data
    destination.set_initialized(True)
