"""Weights of matrix products as tiles: blocks of constants, then weights in the order of the inner loop."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from npu_hal_software.jit.layout import TILE_ENTRY
from npu_hal_software.jit.packing.memory import align, allocate
from npu_hal_software.jit.packing.requantisation import Requantisation, blocks_of
from npu_hal_software.jit.tiers import Tier, channel_of_lane

DEPTH_GROUP = 4


class PackedTiles(NamedTuple):
    """The tiles' memory, their table (int64 rows of `layout.TILE_ENTRY`), and the tables of segments."""

    memory: NDArray[np.uint8]
    table: NDArray[np.int64]
    segment_tables: tuple[NDArray[np.int64], ...]


def plan_tiles(channels: int, tier: Tier) -> list[tuple[int, int, int]]:
    """(vectors, first channel, channels) of tiles that cover all channels; the last may be partly empty."""
    sizes = sorted(tier.gemm_tiles, reverse=True)
    tiles = []
    first = 0
    while first < channels:
        left = channels - first
        # The smallest tile that covers the rest, or else the largest that is full.
        fitting = [n for n in sizes if n * tier.lanes >= left]
        vectors = fitting[-1] if fitting else sizes[0]
        if vectors > 1 and not _worthwhile(left, vectors * tier.lanes):
            vectors = max(n for n in sizes if n * tier.lanes <= left)
        used = min(left, vectors * tier.lanes)
        tiles.append((vectors, first, used))
        first += used
    return tiles


def _worthwhile(used: int, size: int) -> bool:
    """Heuristic: a tile that is less than three quarters full costs more than two smaller ones."""
    return 4 * used > 3 * size


class SegmentedWeights(NamedTuple):
    """int8 matrices of shape (channels, segments * depth) and where their columns lie in the input.

    The weights are the sum of `terms`; the first is dense, the others are zero but for a few columns. `offsets` has the
    byte offset of each segment; `depth` is a multiple of 4.
    """

    terms: tuple[NDArray[np.int8], ...]
    offsets: NDArray[np.int64]
    depth: int


def pack_tiles(weights: SegmentedWeights, requantisation: Requantisation, tier: Tier) -> PackedTiles:
    """Pack weights with their constants per channel."""
    groups = [term.view(np.int32) for term in weights.terms]
    channels, group_count = groups[0].shape
    lanes = tier.lanes
    plan = plan_tiles(channels, tier)
    constants = constants_of_tiles(requantisation, plan, lanes)
    used_groups = [_used_groups(groups[1:], first, used) for _, first, used in plan]
    counts = [group_count + sum(part.size for part in parts) for parts in used_groups]
    sizes = [
        block.nbytes + 4 * count * vectors * lanes
        for block, count, (vectors, _, _) in zip(constants, counts, plan, strict=True)
    ]
    memory = allocate(sum(map(align, sizes)))
    table = np.zeros((len(plan), len(TILE_ENTRY)), np.int64)
    tables = [_segment_table(weights, parts) for parts in used_groups]
    start = 0
    for row, ((vectors, first, used), size) in enumerate(zip(plan, sizes, strict=True)):
        order = channel_of_lane(vectors, lanes)
        tile = memory[start : start + size]
        header = constants[row].nbytes
        tile[:header] = constants[row].view(np.uint8).reshape(-1)
        target = tile[header:].view(np.int32).reshape(counts[row], vectors * lanes)
        inside = slice(None) if used == vectors * lanes else order < used
        rows = first + order[inside]
        target[:group_count, inside] = groups[0][rows].T
        place = group_count
        for term, part in zip(groups[1:], used_groups[row], strict=True):
            target[place : place + part.size, inside] = term[rows[:, None], part].T
            place += part.size
        table[row] = (memory.ctypes.data + start, vectors, first, used, tables[row].ctypes.data, len(tables[row]))
        start += align(size)
    return PackedTiles(memory, table, tuple(tables))


def _used_groups(terms: list[NDArray[np.int32]], first: int, used: int) -> list[NDArray[np.intp]]:
    """Per term, the groups of columns in which some channel of a tile is not zero."""
    return [np.flatnonzero(term[first : first + used].any(axis=0)) for term in terms]


def _segment_table(weights: SegmentedWeights, used_groups: list[NDArray[np.intp]]) -> NDArray[np.int64]:
    """(offset, length) of the dense segments, and of each group of the other terms."""
    segments = len(weights.offsets)
    table = np.empty((segments + sum(part.size for part in used_groups), 2), np.int64)
    table[:segments, 0] = weights.offsets
    table[:segments, 1] = weights.depth
    if len(table) > segments:
        segment, inner = np.divmod(np.concatenate(used_groups) * DEPTH_GROUP, weights.depth)
        table[segments:, 0] = weights.offsets[segment] + inner
        table[segments:, 1] = DEPTH_GROUP
    return table


def constants_of_tiles(
    requantisation: Requantisation, plan: list[tuple[int, int, int]], lanes: int
) -> list[NDArray[np.int32]]:
    """Blocks of constants per tile, computed for all lanes of all tiles at once."""
    channels = [first + np.minimum(channel_of_lane(vectors, lanes), used - 1) for vectors, first, used in plan]
    words = requantisation.words(np.concatenate(channels))
    ends = np.cumsum([part.size for part in channels])
    return [blocks_of(part, lanes) for part in np.split(words, ends[:-1])]
