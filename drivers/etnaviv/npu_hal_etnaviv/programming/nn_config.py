"""NN jobs as config fields (hardware note, section 5)."""

from collections.abc import Callable

from npu_hal_etnaviv.hardware.nn_config import (
    IN_IMAGE_X_OFFSET,
    IN_IMAGE_Y_OFFSET,
    KERNEL_ADDRESS_SHIFT,
    KERNEL_PATTERN,
    KERNEL_Z_SIZE,
    POOLING_FIRST_PIXEL,
    POOLING_NONE,
    POST_MULTIPLIER,
    POST_SHIFT,
)
from npu_hal_etnaviv.hardware.npu_core import NpuCore
from npu_hal_etnaviv.job_geometry.sram_caching import SramCaching
from npu_hal_etnaviv.jobs.image import Image
from npu_hal_etnaviv.jobs.nn_job import KernelForm, NNJob
from npu_hal_etnaviv.programming.geometry import Cut
from npu_hal_etnaviv.weights.quantised_multiplier import quantised_multiplier

POOLING_2X2 = 0
NO_POOLING = 1


def nn_config(
    job: NNJob,
    cut: Cut,
    caching: SramCaching,
    core: NpuCore,
    coefficients: int,
    address_of: Callable[[Image], int],
) -> dict[str, int]:
    """The config fields of an NN job; `coefficients` is the address of its buffer. Others keep their defaults."""
    generation = core.generation
    convolved = job.convolved_size
    multiplier = quantised_multiplier(job.rescale, generation)
    offsets = {
        **IN_IMAGE_X_OFFSET[generation].split(job.x_offset),
        **IN_IMAGE_Y_OFFSET[generation].split(job.y_offset),
    }
    if generation == 8 and offsets["unused7_3"]:
        offsets["unused7_3"] = 1
    return {
        "no_z_offset": int(generation == 8),
        "no_flush": int(generation == 8),
        "kernel_xy_size": job.kernel_width,
        "kernel_y_size": job.kernel_height,
        **KERNEL_Z_SIZE.split(job.input_size.channels),
        "kernels_per_core": cut.superblock_kernels,
        "pooling": POOLING_FIRST_PIXEL if job.first_pixel else POOLING_NONE,
        "pooling_xy_size": POOLING_2X2 if job.first_pixel else NO_POOLING,
        "in_image_x_size": job.input_size.width,
        "in_image_y_size": job.input_size.height,
        "in_image_x_stride": job.input_size.width,
        "in_image_y_stride": job.input_size.height,
        **offsets,
        "relu": int(job.relu),
        **POST_MULTIPLIER[generation].split(multiplier.multiplier),
        **POST_SHIFT.split(multiplier.shift),
        "out_image_x_size": convolved.width,
        "out_image_y_size": convolved.height,
        "out_image_z_size": job.output_size.channels,
        "out_image_x_stride": job.output_size.width,
        "out_image_y_stride": job.output_size.height,
        "out_image_tile_x_size": cut.tiling.tile_x,
        "out_image_tile_y_size": cut.tiling.tile_y,
        "kernel_address": coefficients >> KERNEL_ADDRESS_SHIFT,
        "in_image_address": address_of(job.input),
        "out_image_address": address_of(job.output),
        "image_caching_mode": caching.image_mode,
        "kernel_caching_mode": caching.kernel_mode,
        **KERNEL_PATTERN.split(caching.kernel_pattern),
        "kernel_cache_start_address": caching.kernel_cache_start,
        "kernel_cache_end_address": caching.kernel_cache_end,
        "image_cache_start_address": caching.image_cache_start,
        "image_cache_end_address": caching.image_cache_end,
        "in_image_border_const": job.input_zero_point,
        "coef_zero_point": job.weight_zero_point,
        "out_zero_point": job.output_zero_point,
        "depthwise": int(job.form is KernelForm.DEPTHWISE),
    }
