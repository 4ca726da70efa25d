"""What a compiled graph is made of, for people and tools."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from npu_hal_etnaviv.compiler import CompiledGraph, CompiledNNJob
from npu_hal_etnaviv.hardware.npu_core import NpuCore
from npu_hal_etnaviv.job_geometry.sram_caching import NOT_CACHED
from npu_hal_etnaviv.jobs.image import Image
from npu_hal_etnaviv.jobs.nn_job import KernelForm, Size
from npu_hal_etnaviv.jobs.tp_job import TPJob
from npu_hal_etnaviv.placement.lifetime import blocks
from npu_hal_etnaviv.placement.memory_plan import Region


@dataclass(frozen=True, slots=True)
class NNJobReport:
    """An NN job. Sizes are [channels, height, width] as the job sees them, tiles are width x height.

    ratio: bytes of the coefficient buffer for each byte of the weights that it computes with, zeros that a
    depthwise kernel gets on V7 not counted.
    kernel_cache, image_cache: bytes of on-chip memory.
    """

    job: str
    makes: str
    input: list[int]
    output: list[int]
    kernel: str
    form: str
    first_pixel: bool
    tile: str
    superblocks: int
    coefficient_bytes: int
    ratio: float
    kernel_cache: int
    image_cache: int


@dataclass(frozen=True, slots=True)
class TPJobReport:
    """A TP job: what it does and which image it makes; sizes are [channels, height, width]."""

    job: str
    makes: str
    input: list[int]
    output: list[int]


@dataclass(frozen=True, slots=True)
class MemoryReport:
    """Bytes. scratch_without_reuse is what the scratch images would take if none shared memory."""

    inputs: int
    outputs: int
    scratch: int
    scratch_without_reuse: int
    coefficients: int


@dataclass(frozen=True, slots=True)
class CompileReport:
    """A compiled graph."""

    core: str
    generation: int
    operations: int
    jobs: list[NNJobReport | TPJobReport]
    memory: MemoryReport

    def mapping(self) -> Mapping[str, object]:
        """As nested dicts and lists that JSON can hold."""
        return asdict(self)


def compile_report(compiled: CompiledGraph, core: NpuCore, operations: int) -> CompileReport:
    """The report on a graph of so many operations."""
    places = compiled.memory.places
    scratch = {
        block.root: block.size
        for block in blocks(compiled.program)
        if places[next(iter(block.offsets))].region is Region.SCRATCH
    }
    sizes = compiled.memory.sizes
    coefficients = sum(job.coefficients.data.size for job in compiled.jobs if isinstance(job, CompiledNNJob))
    return CompileReport(
        core=core.name,
        generation=core.generation,
        operations=operations,
        jobs=[_nn_job(job) if isinstance(job, CompiledNNJob) else _tp_job(job) for job in compiled.jobs],
        memory=MemoryReport(
            inputs=sizes[Region.INPUTS],
            outputs=sizes[Region.OUTPUTS],
            scratch=sizes[Region.SCRATCH],
            scratch_without_reuse=sum(scratch.values()),
            coefficients=coefficients,
        ),
    )


def _nn_job(compiled: CompiledNNJob) -> NNJobReport:
    job, caching = compiled.job, compiled.caching
    size = compiled.coefficients.data.size
    kernel_cache = caching.kernel_cache_end - caching.kernel_cache_start
    return NNJobReport(
        job="NN",
        makes=job.output.name,
        input=_size(job.input_size),
        output=_size(job.output_size),
        kernel=f"{job.kernel_height}x{job.kernel_width}",
        form=KernelForm.DENSE.value if job.form is KernelForm.DENSE else KernelForm.DEPTHWISE.value,
        first_pixel=job.first_pixel,
        tile=f"{compiled.cut.tiling.tile_x}x{compiled.cut.tiling.tile_y}",
        superblocks=compiled.cut.superblocks,
        coefficient_bytes=size,
        ratio=round(size / job.weights.size, 3),
        kernel_cache=0 if caching.kernel_mode == NOT_CACHED else kernel_cache,
        image_cache=0 if caching.image_mode == NOT_CACHED else caching.image_cache_end - caching.image_cache_start,
    )


def _tp_job(job: TPJob) -> TPJobReport:
    return TPJobReport(
        job=f"TP {type(job).__name__}",
        makes=job.output.name,
        input=_shape(job.input),
        output=_shape(job.output),
    )


def _size(size: Size) -> list[int]:
    return [size.channels, size.height, size.width]


def _shape(image: Image) -> list[int]:
    return [image.channels, image.height, image.width]
