"""GPU addresses: top down, aligned, given back and joined."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from npu_hal.api.errors import InvalidState, OutOfDeviceMemory
from npu_hal_etnaviv.kernel.drm.softpin_heap import SoftpinHeap

PAGE = 4096
TOP = 1 << 32


def test_addresses_come_from_the_top_down() -> None:
    heap = SoftpinHeap(0x400000)
    assert [heap.allocate(size) for size in (1, 4096, 4097)] == [TOP - PAGE, TOP - 2 * PAGE, TOP - 4 * PAGE]


def test_a_freed_range_is_used_again() -> None:
    heap = SoftpinHeap(0x400000)
    first, second = heap.allocate(PAGE), heap.allocate(PAGE)
    heap.free(first)
    assert heap.allocate(PAGE) == first
    heap.free(first)
    heap.free(second)
    assert heap.allocate(2 * PAGE) == second


def test_a_full_heap_says_so() -> None:
    heap = SoftpinHeap(TOP - 2 * PAGE)
    heap.allocate(PAGE)
    with pytest.raises(OutOfDeviceMemory, match="4096 bytes are free"):
        heap.allocate(2 * PAGE)


def test_an_address_that_is_not_taken_can_not_be_freed() -> None:
    heap = SoftpinHeap(0)
    address = heap.allocate(1)
    heap.free(address)
    with pytest.raises(InvalidState, match="not taken"):
        heap.free(address)


@given(st.lists(st.tuples(st.integers(1, 5 * PAGE), st.booleans(), st.integers(0, 100)), max_size=60))
def test_ranges_never_overlap_and_all_come_back(steps: list[tuple[int, bool, int]]) -> None:
    heap = SoftpinHeap(TOP - 40 * PAGE)
    taken: dict[int, int] = {}
    for size, gives_back, which in steps:
        if gives_back and taken:
            address = sorted(taken)[which % len(taken)]
            heap.free(address)
            del taken[address]
            continue
        try:
            address = heap.allocate(size)
        except OutOfDeviceMemory:
            continue
        assert address % PAGE == 0
        assert address >= TOP - 40 * PAGE
        assert address + size <= TOP
        assert all(address + size <= start or start + length <= address for start, length in taken.items())
        taken[address] = size
    for address in taken:
        heap.free(address)
    assert heap.free_bytes == 40 * PAGE
    assert heap.allocate(40 * PAGE) == TOP - 40 * PAGE
