"""Memory that operands' values can be read from and written to."""

import mmap
import os
from typing import Any

import numpy as np
from numpy.typing import NDArray

from npu_hal_nnapi.codes import ResultCode
from npu_hal_nnapi.errors import NnapiError, bad_data

PROT_READ = mmap.PROT_READ
PROT_WRITE = mmap.PROT_WRITE


class Memory:
    """A region of bytes, mapped from a file descriptor.

    Raises `NnapiError`: BAD_DATA for a size that is not positive, UNMAPPABLE if the descriptor cannot be mapped so.
    The descriptor may be closed afterwards.
    """

    def __init__(self, size: int, protection: int, descriptor: int, offset: int = 0) -> None:
        if size <= 0 or offset < 0:
            raise bad_data(f"a memory of {size} bytes at offset {offset} cannot be mapped")
        # mmap wants whole pages; the view starts where the caller's region does.
        start = offset % mmap.ALLOCATIONGRANULARITY
        try:
            # A mapping beyond the end of a file would raise SIGBUS on access, not an error.
            if os.fstat(descriptor).st_size < offset + size and not _is_device(descriptor):
                raise bad_data(f"{offset} + {size} bytes are beyond the end of the file")
            self._mapping = mmap.mmap(
                descriptor, start + size, mmap.MAP_SHARED, protection & (PROT_READ | PROT_WRITE), offset=offset - start
            )
        except (OSError, ValueError, OverflowError) as error:
            raise NnapiError(ResultCode.UNMAPPABLE, f"the descriptor cannot be mapped: {error}") from None
        self.data: NDArray[np.uint8] = np.frombuffer(self._mapping, np.uint8)[start:]
        self.size = size

    def region(self, offset: int, length: int) -> NDArray[Any]:
        """A view of `length` bytes from `offset` on; BAD_DATA if they are not inside."""
        if offset < 0 or length < 0 or offset + length > self.size:
            raise bad_data(f"{length} bytes at {offset} are not inside of a memory of {self.size} bytes")
        return self.data[offset : offset + length]


def _is_device(descriptor: int) -> bool:
    import stat

    return not stat.S_ISREG(os.fstat(descriptor).st_mode)
