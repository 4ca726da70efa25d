"""Packing blocks into memory so that those which never live at the same time can share it.

Greedy by size: the largest block first, each at the lowest free offset ("Efficient Memory Management for Deep Neural
Net Inference", Pisarchyk and Lee, 2020).
"""

from collections.abc import Sequence

from npu_hal_etnaviv.placement.lifetime import Block

IMAGE_ALIGNMENT = 64
"""Bytes. The hardware takes any address; bursts begin at aligned ones."""


def pack(blocks: Sequence[Block]) -> tuple[list[int], int]:
    """The offset of each block, and the bytes that all need together."""
    offsets = [0] * len(blocks)
    placed: list[int] = []
    for index in sorted(range(len(blocks)), key=lambda index: (-blocks[index].size, index)):
        block = blocks[index]
        neighbours = sorted((offsets[other], blocks[other].size) for other in placed if blocks[other].overlaps(block))
        offset = 0
        for start, size in neighbours:
            if offset + block.size <= start:
                break
            offset = max(offset, -(-(start + size) // IMAGE_ALIGNMENT) * IMAGE_ALIGNMENT)
        offsets[index] = offset
        placed.append(index)
    return offsets, max((offset + block.size for offset, block in zip(offsets, blocks, strict=True)), default=0)
