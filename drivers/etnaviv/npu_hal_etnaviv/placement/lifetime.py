"""How long the bytes of images are needed."""

from dataclasses import dataclass

from npu_hal_etnaviv.jobs.image import Image
from npu_hal_etnaviv.jobs.job import Program

BEFORE_ALL_JOBS = -1


@dataclass(frozen=True, slots=True)
class Block:
    """An image that is part of no other, with all its parts; times are job positions, both included.

    offsets: of the image itself (0) and its parts.
    """

    root: Image
    offsets: dict[Image, int]
    first: int
    last: int
    has_input: bool
    has_output: bool
    is_read: bool
    """Whether a job reads it; likewise `is_written`."""
    is_written: bool

    @property
    def size(self) -> int:
        """Bytes."""
        return self.root.size

    def overlaps(self, other: "Block") -> bool:
        """Whether both are needed at some time."""
        return self.first <= other.last and other.first <= self.last


def blocks(program: Program) -> list[Block]:
    """The blocks of a program, in the order of their first use.

    Graph inputs live from before the first job on, graph outputs until after the last.
    """
    after_all_jobs = len(program.jobs)
    uses: dict[Image, list[int]] = {}
    for image in program.inputs:
        if image is not None:
            uses.setdefault(image, []).append(BEFORE_ALL_JOBS)
    for position, job in enumerate(program.jobs):
        uses.setdefault(job.input, []).append(position)
        uses.setdefault(job.output, []).append(position)
    for image in program.outputs:
        uses.setdefault(image, []).append(after_all_jobs)
    members: dict[Image, dict[Image, int]] = {}
    for image in uses:
        root, offset = _root(program, image)
        members.setdefault(root, {})[image] = offset
    inputs, outputs = set(program.inputs), set(program.outputs)
    read, written = {job.input for job in program.jobs}, {job.output for job in program.jobs}
    result = []
    for root, offsets in members.items():
        times = [time for image in offsets for time in uses[image]]
        result.append(
            Block(
                root,
                offsets,
                min(times),
                max(times),
                not inputs.isdisjoint(offsets),
                not outputs.isdisjoint(offsets),
                not read.isdisjoint(offsets),
                not written.isdisjoint(offsets),
            )
        )
    return result


def _root(program: Program, image: Image) -> tuple[Image, int]:
    offset = 0
    while (part := program.parts.get(image)) is not None:
        offset += part.offset
        image = part.whole
    return image, offset
