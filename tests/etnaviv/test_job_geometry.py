"""Tiles, superblocks and SRAM caching against the values in all golden configs."""

from pathlib import Path

import numpy as np
import pytest

from npu_hal_etnaviv.coefficients.compatibility import Compatibility
from npu_hal_etnaviv.hardware.nn_config import KERNEL_PATTERN
from npu_hal_etnaviv.hardware.npu_core import NpuCore, npu_core_named, npu_cores
from npu_hal_etnaviv.job_geometry.sram_caching import sram_caching
from npu_hal_etnaviv.job_geometry.superblocks import superblock_count, superblock_kernels
from npu_hal_etnaviv.job_geometry.tiling import Tiling, addition_image, tiling

from .golden_weights import CHIPS, GoldenJob, golden_jobs, golden_names, job_weights
from .test_golden_coefficients import encode


def job_tiling(job: GoldenJob) -> Tiling:
    # Mesa cuts tiles along its own axes, of which x is TFLite's slow one.
    factor = 2 if job.facts["pooling_first_pixel"] else 1
    output_x, output_y = (factor * size for size in job.facts["out_whc"][:2])
    if job.facts["addition"]:
        height, width, channels = job.operation.output_shape[1:]
        output_x, output_y = addition_image(height, width, channels)
    core = npu_core_named(job.chip)
    return tiling(core, output_x, output_y, job.config["kernel_y_size"], job.facts["stride"])


@pytest.mark.parametrize("chip", CHIPS)
def test_geometry_is_the_goldens(shared: Path, chip: str) -> None:
    core = npu_core_named(chip)
    failed = {}
    for name in golden_names(shared, chip):
        for job in golden_jobs(shared, chip, name):
            job_data, config = job_weights(job), job.config
            outputs, inputs, _, _ = job_data.shape
            height = config["kernel_xy_size"]
            tiles = job_tiling(job)
            blocks = superblock_count(core, tiles, outputs, height, job.facts["stride"])
            encoded = encode(job, job_data, Compatibility.MESA)
            cached = encoded.v7_cached_bytes if chip == "a311d" else len(encoded.data)
            sram = sram_caching(core, tiles, inputs, outputs, height, blocks, cached)
            ours = {
                "out_image_tile_x_size": tiles.tile_x,
                "out_image_tile_y_size": tiles.tile_y,
                "kernels_per_core": superblock_kernels(core, outputs, blocks),
                "image_caching_mode": sram.image_mode,
                "kernel_caching_mode": sram.kernel_mode,
                "kernel_cache_start_address": sram.kernel_cache_start,
                "kernel_cache_end_address": sram.kernel_cache_end,
                "image_cache_start_address": sram.image_cache_start,
                "image_cache_end_address": sram.image_cache_end,
                **KERNEL_PATTERN.split(sram.kernel_pattern),
            }
            golden = {field: config[field] for field in ours}
            if ours != golden:
                failed[name, job.name] = {k: (v, golden[k]) for k, v in ours.items() if v != golden[k]}
    assert failed == {}


@pytest.mark.parametrize("core", npu_cores(), ids=lambda core: core.name)
def test_geometry_fits_every_core(core: NpuCore) -> None:
    random = np.random.default_rng(5)
    for _ in range(300):
        output_x, output_y = random.integers(1, 300, 2).tolist()
        kernel = int(random.integers(1, core.maximum_kernel_x + 1))
        channels = int(random.integers(1, 2000))
        stride = int(random.integers(1, 3))
        tiles = tiling(core, output_x, output_y, kernel, stride)
        assert 1 <= tiles.tile_x <= min(64, output_x)
        assert 1 <= tiles.tile_y <= output_y
        blocks = superblock_count(core, tiles, channels, kernel, stride)
        kernels = superblock_kernels(core, channels, blocks)
        per_core = -(-channels // core.nn_core_count)
        assert 1 <= kernels <= 127
        assert kernels * (blocks - 1) < per_core <= kernels * blocks


def test_additions_are_as_wide_as_divides_a_plane() -> None:
    assert addition_image(16, 16, 3) == (128, 6)
    assert addition_image(8, 8, 5) == (64, 5)
    assert addition_image(5, 7, 4) == (35, 4)
    assert addition_image(67, 1, 2) == (1, 134)
