"""Depthwise weights as blocks of channels: header, constants, and taps in groups of four per lane."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from npu_hal_software.jit.layout import HEADER_BYTES, ROW_VARIANTS
from npu_hal_software.jit.packing.int8_terms import int8_terms
from npu_hal_software.jit.packing.memory import align, allocate
from npu_hal_software.jit.packing.requantisation import Requantisation, blocks_of
from npu_hal_software.jit.tiers import channel_of_lane

TAP_GROUP = 4


@dataclass(frozen=True, slots=True)
class PackedBlocks:
    """Blocks of channels, `step` bytes apart."""

    memory: NDArray[np.uint8]
    step: int
    count: int
    width: int


def group_taps_3x3(weights: NDArray[np.int16]) -> NDArray[np.int16]:
    """(3, 3, C) weights as (groups, 4, C): per output row and kernel column, the taps of four input rows."""
    groups = np.zeros((ROW_VARIANTS, 3, TAP_GROUP, weights.shape[2]), np.int16)
    for variant in range(ROW_VARIANTS):
        groups[variant, :, variant : variant + 3] = weights.transpose(1, 0, 2)
    return groups.reshape(-1, TAP_GROUP, weights.shape[2])


def group_taps(weights: NDArray[np.int16]) -> NDArray[np.int16]:
    """(taps, C) weights as (groups, 4, C), the last group filled up with zeros."""
    taps, channels = weights.shape
    groups = -(-taps // TAP_GROUP)
    padded = np.zeros((groups * TAP_GROUP, channels), np.int16)
    padded[:taps] = weights
    return padded.reshape(groups, TAP_GROUP, channels)


def overlapping_blocks(channels: int, lanes: int) -> NDArray[np.intp]:
    """Channels of each block's bytes, shape (blocks, 4 * lanes): the last block repeats some of the one before."""
    width = 4 * lanes
    starts = np.minimum(np.arange(0, channels, width), channels - width)
    return starts[:, None] + np.arange(width)


def filled_blocks(channels: int, lanes: int) -> NDArray[np.intp]:
    """Channels of each block's bytes, shape (blocks, 4 * lanes): the last block is filled up with the last channel."""
    width = 4 * lanes
    filled: NDArray[np.intp] = np.minimum(np.arange(0, channels, width)[:, None] + np.arange(width), channels - 1)
    return filled


def flat_blocks(channels: int, lanes: int) -> NDArray[np.intp]:
    """Channels of a flat row's bytes, shape (blocks, 4 * lanes), until a block and a pixel begin together."""
    flat: NDArray[np.intp] = np.arange(math.lcm(channels, 4 * lanes), dtype=np.intp) % channels
    return flat.reshape(-1, 4 * lanes)


def pack_blocks(
    groups: NDArray[np.int16], requantisation: Requantisation, channels_of_blocks: NDArray[np.intp], lanes: int
) -> PackedBlocks:
    """Pack (groups, 4, C) weights, less their zero point, into blocks of four vectors of `lanes` channels.

    Weights beyond int8 are sums of int8 terms; each block says how many it has.
    """
    count, width = channels_of_blocks.shape
    chosen = channels_of_blocks[:, channel_of_lane(4, lanes)]
    constants = blocks_of(requantisation.words(chosen), lanes)
    # (groups, 4, blocks, lanes of block) to (blocks, groups, lanes of block, 4)
    taps = groups[:, :, chosen].transpose(2, 0, 3, 1)
    terms = int8_terms(taps)
    constant_bytes = constants[0].nbytes
    step = align(HEADER_BYTES + constant_bytes + len(terms) * terms[0][0].nbytes)
    memory = allocate(step * count)
    table = memory.reshape(count, step)
    needed = np.ones((count, 1), np.int64)
    for term in terms[1:]:
        needed += term.any(axis=(1, 2, 3)).reshape(-1, 1)
    table[:, :8] = needed.view(np.uint8)
    place = HEADER_BYTES
    parts = [constants.view(np.uint8), *(term.view(np.uint8) for term in terms)]
    for part in parts:
        flat = part.reshape(count, -1)
        table[:, place : place + flat.shape[1]] = flat
        place += flat.shape[1]
    return PackedBlocks(memory, step, count, width)
