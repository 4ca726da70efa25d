"""How many kernels an NN core works on at a time (hardware note, section 5.3).

Heuristic: the values of these rules are known to work.
"""

from npu_hal_etnaviv.hardware.npu_core import NpuCore
from npu_hal_etnaviv.job_geometry.tiling import Tiling

MAXIMUM_SUPERBLOCK_KERNELS = 127
"""What `kernels_per_core` of the NN config holds."""

V7_POINTWISE_SHARE = 3
V8_SHARE = (6, 9)
V8_LANE_PIXELS = 64


def superblock_count(core: NpuCore, tiles: Tiling, output_channels: int, kernel_height: int, stride: int) -> int:
    """Superblocks of each core's kernels. `kernel_height` is the job's, `stride` the model's."""
    kernels = -(-output_channels // core.nn_core_count)
    depth = core.accumulation_buffer_depth
    if core.generation == 8:
        if kernel_height == 1:
            fitting = depth // -(-tiles.tile_y // tiles.interleave)
        else:
            pixels = -(-(tiles.tile_y * tiles.tile_x) // stride)
            fitting = depth // (-(-pixels // V8_LANE_PIXELS) * stride)
        fitting = min(fitting, depth * V8_SHARE[0] // V8_SHARE[1])
    else:
        fitting = depth * tiles.interleave // tiles.tile_y
        if kernel_height == 1:
            fitting = min(fitting, depth // V7_POINTWISE_SHARE)
    fitting = max(min(fitting, kernels, MAXIMUM_SUPERBLOCK_KERNELS), 1)
    groups = -(-output_channels // (core.nn_core_count * fitting))
    balanced = -(-output_channels // (groups * core.nn_core_count))
    return -(-kernels // balanced)


def superblock_kernels(core: NpuCore, output_channels: int, superblocks: int) -> int:
    """Kernels of one core in a superblock: `kernels_per_core` of the NN config."""
    kernels = -(-output_channels // core.nn_core_count)
    return -(-kernels // superblocks)
