"""Which buffer holds each image, and where in it."""

from dataclasses import dataclass
from enum import Enum

from npu_hal_etnaviv.jobs.image import Image
from npu_hal_etnaviv.jobs.job import Program
from npu_hal_etnaviv.placement.arena import IMAGE_ALIGNMENT, pack
from npu_hal_etnaviv.placement.lifetime import Block, blocks


class Region(Enum):
    """A buffer for images; they differ in what the NPU may do to them."""

    INPUTS = "inputs"
    """Read only."""

    OUTPUTS = "outputs"
    """Written only."""

    SCRATCH = "scratch"
    """Read and written."""


@dataclass(frozen=True, slots=True)
class Place:
    """An image's first byte."""

    region: Region
    offset: int


@dataclass(frozen=True, slots=True)
class MemoryPlan:
    """Places of all images, and how many bytes each region has."""

    places: dict[Image, Place]
    sizes: dict[Region, int]


def plan_memory(program: Program) -> MemoryPlan:
    """A place for every image that a job or the graph's user reads or writes."""
    places: dict[Image, Place] = {}
    sizes = dict.fromkeys(Region, 0)
    by_region: dict[Region, list[Block]] = {region: [] for region in Region}
    for block in blocks(program):
        by_region[_region(block)].append(block)
    for region, members in by_region.items():
        if region is Region.SCRATCH:
            offsets, size = pack(members)
        else:
            offsets, size = _side_by_side(members)
        sizes[region] = size
        for block, start in zip(members, offsets, strict=True):
            for image, offset in block.offsets.items():
                places[image] = Place(region, start + offset)
    return MemoryPlan(places, sizes)


def _region(block: Block) -> Region:
    if block.has_input and not (block.has_output or block.is_written):
        return Region.INPUTS
    if block.has_output and not (block.has_input or block.is_read):
        return Region.OUTPUTS
    return Region.SCRATCH


def _side_by_side(members: list[Block]) -> tuple[list[int], int]:
    offsets, end = [], 0
    for block in members:
        offset = -(-end // IMAGE_ALIGNMENT) * IMAGE_ALIGNMENT
        offsets.append(offset)
        end = offset + block.size
    return offsets, end
