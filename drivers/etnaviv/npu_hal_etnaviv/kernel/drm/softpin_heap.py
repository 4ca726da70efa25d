"""Allocation of GPU addresses, which softpin leaves to userspace.

Top-down first fit over [start, 4 GiB) with free ranges that coalesce: addresses stay close to the upper end,
as Mesa's do, which keeps captures comparable.
"""

from npu_hal.api.errors import InvalidState, OutOfDeviceMemory
from npu_hal_etnaviv.kernel.interface import ADDRESS_SPACE_END, PAGE_SIZE, align_up


class SoftpinHeap:
    """A heap of 4 KiB-aligned address ranges. It holds numbers only and is not safe for several threads."""

    def __init__(self, start: int, end: int = ADDRESS_SPACE_END) -> None:
        """Manage [start, end); start is rounded up to a page. The first page stays unused: 0 is no address."""
        start = align_up(max(start, PAGE_SIZE), PAGE_SIZE)
        self._free = [(start, end)] if start < end else []
        self._taken: dict[int, int] = {}

    @property
    def free_bytes(self) -> int:
        """How many bytes of addresses are left."""
        return sum(end - start for start, end in self._free)

    def allocate(self, size: int) -> int:
        """The address of a new range of `size` bytes, rounded up to pages.

        Raises OutOfDeviceMemory if no free range is large enough.
        """
        size = align_up(max(size, 1), PAGE_SIZE)
        for index in range(len(self._free) - 1, -1, -1):
            start, end = self._free[index]
            if end - start >= size:
                address = end - size
                self._free[index : index + 1] = [(start, address)] if start < address else []
                self._taken[address] = size
                return address
        raise OutOfDeviceMemory(
            f"{size} bytes of GPU addresses were asked for, and no free range is that large "
            f"({self.free_bytes} bytes are free in all): close what is not needed"
        )

    def free(self, address: int) -> None:
        """Give back a range by its address. Raises InvalidState if it is not taken."""
        size = self._taken.pop(address, None)
        if size is None:
            raise InvalidState(f"the GPU address {address:#x} was given back, but it is not taken")
        start, end = address, address + size
        position = sum(1 for other, _ in self._free if other < start)
        if position < len(self._free) and self._free[position][0] == end:
            end = self._free.pop(position)[1]
        if position and self._free[position - 1][1] == start:
            position -= 1
            start = self._free.pop(position)[0]
        self._free.insert(position, (start, end))
