"""Any job, and the program that a graph becomes."""

from dataclasses import dataclass

from npu_hal_etnaviv.jobs.image import Image
from npu_hal_etnaviv.jobs.nn_job import NNJob
from npu_hal_etnaviv.jobs.tp_job import TPJob

Job = NNJob | TPJob


@dataclass(frozen=True, slots=True)
class Part:
    """An image whose bytes are those of `whole` from `offset` on."""

    whole: Image
    offset: int


@dataclass(frozen=True, slots=True)
class Program:
    """A lowered graph: jobs in order, the images of the graph's inputs and outputs, and which images are parts.

    An input that no job reads has no image. `positions` has, for each job, the position in the graph of the operation
    that it was made for.
    """

    jobs: tuple[Job, ...]
    positions: tuple[int, ...]
    inputs: tuple[Image | None, ...]
    outputs: tuple[Image, ...]
    parts: dict[Image, Part]
