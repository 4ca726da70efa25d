"""What of a job's input and coefficients is kept in on-chip memory (hardware note, sections 5.4 and 5.5).

Heuristic: the values of these rules are known to work.
"""

from dataclasses import dataclass

from npu_hal_etnaviv.hardware.npu_core import NpuCore
from npu_hal_etnaviv.job_geometry.tiling import Tiling

CACHE_START = 0x800
CACHE_ALIGNMENT = 128
MINIMUM_KERNEL_CACHE_END = 0xA00

NOT_CACHED = 0
FULLY_CACHED = 1
PARTLY_CACHED = 2

KERNEL_PATTERNS = (
    (1024, 0x13_00000000_00080000),
    (512, 0x3D_2AAAAAA0_00000000),
    (256, 0x3E_7FFFFFFF_FFFFAAAA),
    (160, 0x06_00000000_0000007E),
    (0, 0x3F_FFFFFFFF_FFFFFFFE),
)
"""(least output channels, kernel pattern of 70 bits) for partly cached kernels."""


@dataclass(frozen=True, slots=True)
class SramCaching:
    """The caching fields of the NN config; addresses are offsets in on-chip memory."""

    image_mode: int
    kernel_mode: int
    kernel_pattern: int
    kernel_cache_start: int
    kernel_cache_end: int
    image_cache_start: int
    image_cache_end: int


def _aligned(size: int, alignment: int) -> int:
    return -(-size // alignment) * alignment


def sram_caching(
    core: NpuCore,
    tiles: Tiling,
    input_channels: int,
    output_channels: int,
    kernel_height: int,
    superblocks: int,
    coefficient_bytes: int,
) -> SramCaching:
    """Where input tiles and coefficients are cached; channels and kernel are the job's.

    coefficient_bytes: on V7 the largest core stream times the cores used, on V8 the buffer up to the end of
    the bias table. V8 gets the addresses and patterns too, with both modes 0.
    """
    sram = core.on_chip_sram_size
    image = 0
    if superblocks > 1:
        pixels = (tiles.tile_x + kernel_height - 1) * (tiles.tile_y + kernel_height - 1)
        image = _aligned(_aligned(pixels, 16) * input_channels, CACHE_ALIGNMENT)
    kernel_end = CACHE_START + coefficient_bytes
    pattern = 0
    if kernel_end + image < sram:
        kernel_mode = FULLY_CACHED
        kernel_cache_end = max(min(_aligned(kernel_end, CACHE_ALIGNMENT), sram), MINIMUM_KERNEL_CACHE_END)
    else:
        kernel_mode = PARTLY_CACHED
        pattern = next(value for least, value in KERNEL_PATTERNS if output_channels >= least)
        if kernel_end >= sram:
            kernel_cache_end, image = sram, 0
        elif image > sram:
            kernel_cache_end, image = 0, 0
        else:
            kernel_cache_end = sram - image
    image_mode = FULLY_CACHED if image else NOT_CACHED
    image_start, image_end = 0, CACHE_START
    if image >= CACHE_START:
        image_start = kernel_cache_end
        image_end = min(image_start + image, sram)
    if core.generation == 8:
        image_mode = kernel_mode = NOT_CACHED
    return SramCaching(image_mode, kernel_mode, pattern, CACHE_START, kernel_cache_end, image_start, image_end)
