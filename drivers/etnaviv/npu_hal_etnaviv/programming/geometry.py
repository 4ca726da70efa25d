"""The cut of an NN job: tiles and superblocks before its coefficients are coded, caching after."""

from dataclasses import dataclass

from npu_hal_etnaviv.hardware.npu_core import NpuCore
from npu_hal_etnaviv.job_geometry.sram_caching import CACHE_START, NOT_CACHED, SramCaching, sram_caching
from npu_hal_etnaviv.job_geometry.superblocks import superblock_count, superblock_kernels
from npu_hal_etnaviv.job_geometry.tiling import Tiling, addition_image, tiling
from npu_hal_etnaviv.jobs.nn_job import NNJob, Role

NO_CACHING = SramCaching(
    image_mode=NOT_CACHED,
    kernel_mode=NOT_CACHED,
    kernel_pattern=0,
    kernel_cache_start=0,
    kernel_cache_end=0,
    image_cache_start=0,
    image_cache_end=0,
)


@dataclass(frozen=True, slots=True)
class Cut:
    """Tiles, and the superblocks that the kernels of each core come in."""

    tiling: Tiling
    superblocks: int
    superblock_kernels: int


def cut_job(job: NNJob, core: NpuCore) -> Cut:
    """The cut that is known to work for a job of this size (hardware note, sections 5.2 and 5.3)."""
    size = job.tiled_size
    width, height = size.width, size.height
    if job.role is Role.ADDITION and core.generation == 8:
        width, height = addition_image(height, width, size.channels)
    tiles = tiling(core, width, height, job.kernel_height, job.stride)
    superblocks = superblock_count(core, tiles, job.output_size.channels, job.longest_kernel_side, job.stride)
    return Cut(tiles, superblocks, superblock_kernels(core, job.output_size.channels, superblocks))


def cache_job(job: NNJob, cut: Cut, core: NpuCore, cached_bytes: int) -> SramCaching:
    """What on-chip memory holds of a job (hardware note, section 5.4); nothing where caches would begin beyond it."""
    if core.on_chip_sram_size <= CACHE_START:
        return NO_CACHING
    return sram_caching(
        core,
        cut.tiling,
        job.input_size.channels,
        job.output_size.channels,
        job.longest_kernel_side,
        cut.superblocks,
        cached_bytes,
    )
