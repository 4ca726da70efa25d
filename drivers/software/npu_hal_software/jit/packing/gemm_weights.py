"""Weights of matrix products as tiles: blocks of constants, then weights in the order of the inner loop."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from npu_hal_software.jit.packing.memory import align, allocate
from npu_hal_software.jit.packing.requantisation import Multipliers, blocks_of, constant_words, words_per_lane
from npu_hal_software.jit.requantise import Rounding
from npu_hal_software.jit.tiers import Tier, channel_of_lane

DEPTH_GROUP = 4


@dataclass(frozen=True, slots=True)
class PackedTiles:
    """The tiles' memory and their table: int64 rows of (address, vectors, first channel, channels)."""

    memory: NDArray[np.uint8]
    table: NDArray[np.int64]


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


def pack_tiles(
    weights: NDArray[np.int8],
    bias: NDArray[np.int32],
    multipliers: Multipliers,
    tier: Tier,
    rounding: Rounding,
    *,
    single_rounding: bool = False,
) -> PackedTiles:
    """Pack weights of shape (channels, depth), depth a multiple of 4, with their constants per channel."""
    channels, depth = weights.shape
    words = weights.view(np.int32)
    lanes = tier.lanes
    plan = plan_tiles(channels, tier)
    block_bytes = 4 * lanes * words_per_lane(rounding)
    sizes = [vectors * (block_bytes + lanes * depth) for vectors, _, _ in plan]
    memory = allocate(sum(map(align, sizes)))
    table = np.zeros((len(plan), 4), np.int64)
    constants = constant_words_of(bias, multipliers, rounding, plan, lanes, single_rounding)
    start = 0
    for row, ((vectors, first, used), size) in enumerate(zip(plan, sizes, strict=True)):
        order = channel_of_lane(vectors, lanes)
        tile = memory[start : start + size]
        header = vectors * block_bytes
        tile[:header] = constants[row].view(np.uint8).reshape(-1)
        target = tile[header:].view(np.int32).reshape(depth // DEPTH_GROUP, vectors * lanes)
        if used == vectors * lanes:
            target[:] = words[first + order].T
        else:
            inside = order < used
            target[:, inside] = words[first + order[inside]].T
        table[row] = (memory.ctypes.data + start, vectors, first, used)
        start += align(size)
    return PackedTiles(memory, table)


def constant_words_of(
    bias: NDArray[np.int32],
    multipliers: Multipliers,
    rounding: Rounding,
    plan: list[tuple[int, int, int]],
    lanes: int,
    single_rounding: bool,
) -> list[NDArray[np.int32]]:
    """Blocks of constants per tile, computed for all lanes of all tiles at once."""
    channels = [first + np.minimum(channel_of_lane(vectors, lanes), used - 1) for vectors, first, used in plan]
    chosen = np.concatenate(channels)
    words = constant_words(bias[chosen], multipliers[chosen], rounding, single_rounding=single_rounding)
    ends = np.cumsum([part.size for part in channels])
    return [blocks_of(part, lanes) for part in np.split(words, ends[:-1])]
