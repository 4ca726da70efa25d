"""How a TP job is shared by the TP cores (hardware note, section 8)."""

from collections.abc import Iterator
from dataclasses import dataclass

CHANNEL_AXIS = 2
"""Of the axes x, y, z by number."""


@dataclass(frozen=True, slots=True)
class Share:
    """One core's part of an axis: `count` elements from `start` on."""

    start: int
    count: int
    is_last: bool


def shares(size: int, cores: int) -> Iterator[Share]:
    """The axis in parts, each the remaining elements divided by the remaining cores, rounded up.

    With fewer elements than cores, the last parts are empty.
    """
    start = 0
    for core in range(cores):
        count = -(-(size - start) // (cores - core))
        yield Share(start, count, core == cores - 1)
        start += count


def largest_axis(x: int, y: int, z: int) -> int:
    """The axis to share, by number: the largest, where on ties y wins over x and z over both (heuristic)."""
    if z >= max(x, y):
        return CHANNEL_AXIS
    return 1 if y >= x else 0


def shares_space_to_depth(height: int, channels: int) -> bool:
    """Whether space-to-depth is shared by all TP cores (heuristic): not for small or RGB images."""
    if channels == 3 and height in (224, 320):
        return False
    return height > 8 or channels > 1
