"""The buffers of a submit by GPU address, with the checks that an MMU and a careful kernel would make."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from npu_hal_etnaviv.emulator.faults import NpuFault, Place
from npu_hal_etnaviv.kernel.interface import ADDRESS_SPACE_END, PAGE_SIZE, Access


@dataclass(frozen=True, slots=True)
class SubmittedBuffer:
    """One buffer of a submit: `data` is its memory, uint8 of shape [size]."""

    handle: int
    address: int
    data: NDArray[np.uint8]
    access: Access

    @property
    def end(self) -> int:
        """One past its last GPU address."""
        return self.address + self.data.size


class SubmitMemory:
    """What one submit can reach. Reads and writes give views of the buffers' memory, never copies."""

    def __init__(self, buffers: Sequence[SubmittedBuffer]) -> None:
        """Raises NpuFault if buffers overlap, are misaligned, or lie beyond the 32-bit address space."""
        self._buffers = sorted(buffers, key=lambda buffer: buffer.address)
        self._starts = [buffer.address for buffer in self._buffers]
        self._constants: list[tuple[int, int, str]] = []
        previous_end = PAGE_SIZE
        for number, buffer in enumerate(self._buffers):
            place = Place("submit", "buffer list", number, f"buffer {buffer.handle}")
            if buffer.address % PAGE_SIZE:
                raise NpuFault(place, f"its address {buffer.address:#x} is no multiple of {PAGE_SIZE}")
            if buffer.address < previous_end or buffer.end > ADDRESS_SPACE_END:
                raise NpuFault(
                    place,
                    f"its addresses {buffer.address:#x} to {buffer.end:#x} are taken or outside of the address space",
                )
            previous_end = buffer.end

    def declare_constant(self, address: int, size: int, name: str) -> None:
        """Let every write to these bytes fault: a config or coefficients that a job of this submit reads."""
        self._constants.append((address, address + size, name))

    def read(self, address: int, size: int, place: Place, alignment: int = 1) -> NDArray[np.uint8]:
        """The bytes that a job reads: uint8 [size]."""
        return self._access(address, size, Access.READ, place, alignment)

    def write(self, address: int, size: int, place: Place) -> NDArray[np.uint8]:
        """The bytes that a job may write: uint8 [size]."""
        data = self._access(address, size, Access.WRITE, place, 1)
        for start, end, name in self._constants:
            if address < end and start < address + size:
                raise NpuFault(
                    place,
                    f"it writes {address:#x} to {address + size:#x}, which holds {name}: "
                    f"a constant of this submit must not be written",
                )
        return data

    def readable_from(self, address: int, place: Place, alignment: int = 1) -> NDArray[np.uint8]:
        """Everything from an address to the end of its buffer."""
        buffer = self._find(address, place)
        return self._access(address, buffer.end - address, Access.READ, place, alignment)

    def _find(self, address: int, place: Place) -> SubmittedBuffer:
        index = bisect_right(self._starts, address) - 1
        if index < 0 or address >= self._buffers[index].end:
            raise NpuFault(place, f"the address {address:#x} lies in no buffer of the submit")
        return self._buffers[index]

    def _access(self, address: int, size: int, access: Access, place: Place, alignment: int) -> NDArray[np.uint8]:
        if address % alignment:
            raise NpuFault(place, f"the address {address:#x} is no multiple of {alignment}")
        buffer = self._find(address, place)
        if not buffer.access & access:
            allowed = (buffer.access.name or "nothing").lower()
            wanted = (access.name or "").lower()
            raise NpuFault(
                place,
                f"the address {address:#x} is in buffer {buffer.handle}, which was submitted for {allowed} access, "
                f"and not for {wanted}",
            )
        if address + size > buffer.end:
            raise NpuFault(
                place,
                f"{size} bytes at {address:#x} end {address + size - buffer.end} bytes beyond buffer {buffer.handle} "
                f"({buffer.data.size} bytes at {buffer.address:#x})",
            )
        offset = address - buffer.address
        return buffer.data[offset : offset + size]
