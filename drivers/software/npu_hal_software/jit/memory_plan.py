"""Placement of buffers in one arena: buffers that do not live at the same time share memory."""

from collections.abc import Sequence
from typing import NamedTuple

from npu_hal_software.jit.packing.memory import SLACK, align


class Lifetime(NamedTuple):
    """A buffer's size in bytes, and the first and last record that uses it."""

    size: int
    first: int
    last: int


def plan_memory(lifetimes: Sequence[Lifetime]) -> tuple[list[int], int]:
    """Offsets of the buffers, and the arena's size.

    Greedy by size (Pisarchyk and Lee, 2020): each buffer, the largest first, goes to the lowest gap that is free
    during its whole life. Each has slack behind it.
    """
    offsets = [0] * len(lifetimes)
    placed: list[int] = []
    total = 0
    for index in sorted(range(len(lifetimes)), key=lambda i: -lifetimes[i].size):
        life = lifetimes[index]
        size = align(life.size + SLACK)
        conflicts = sorted(
            (offsets[other], offsets[other] + align(lifetimes[other].size + SLACK))
            for other in placed
            if lifetimes[other].first <= life.last and life.first <= lifetimes[other].last
        )
        offset = 0
        for start, end in conflicts:
            if offset + size <= start:
                break
            offset = max(offset, end)
        offsets[index] = offset
        placed.append(index)
        total = max(total, offset + size)
    return offsets, total
