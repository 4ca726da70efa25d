"""Tile size and interleave mode of an NN job (hardware note, section 5.2).

Heuristic: the values of these rules are known to work.
"""

from dataclasses import dataclass

from npu_hal_etnaviv.hardware.npu_core import MAXIMUM_TILE_X, NpuCore

WIDE_WINDOW = 36
MEDIUM_WINDOW = 18
V8_MAXIMUM_TILE_Y = 4


@dataclass(frozen=True, slots=True)
class Tiling:
    """Output tile in pixels, and how many rows of the input buffer a tile line is interleaved over."""

    tile_x: int
    tile_y: int
    interleave: int


def interleave_mode(core: NpuCore, tile_x: int, kernel_y: int) -> int:
    """How many lines the input and accumulation buffers are folded into."""
    window = kernel_y - 1 + tile_x
    if window > WIDE_WINDOW:
        return 1
    if core.generation == 8:
        base = 1 if tile_x > 32 else 2 if tile_x > 16 else 4
        return min(base, 2) if window > MEDIUM_WINDOW else base
    base = 1 if tile_x > 32 else 2 if tile_x > 16 else 4 if tile_x > 8 else 8
    return min(base, 4 if window > MEDIUM_WINDOW else 2)


def tiling(core: NpuCore, output_x: int, output_y: int, kernel_y: int, stride: int) -> Tiling:
    """Tiles for an output of that size before pooling; `stride` is the model's."""
    tile_x = min(output_x, MAXIMUM_TILE_X)
    interleave = interleave_mode(core, tile_x, kernel_y)
    rows = core.input_buffer_depth * interleave - kernel_y + 1
    accumulated = interleave * core.accumulation_buffer_depth
    # A kernel taller than the input buffer wraps around in the driver whose values these are.
    tile_y = accumulated if rows < 0 else min(rows, accumulated)
    tile_y = min(tile_y, output_y)
    if core.generation == 8:
        tile_y = min(tile_y, V8_MAXIMUM_TILE_Y)
    if stride > 1 and tile_y % 2:
        tile_y -= 1
    return Tiling(tile_x, max(tile_y, 1), interleave)


def addition_image(height: int, width: int, channels: int) -> tuple[int, int]:
    """(width, height) of an element-wise job's image on V7, of height * width * channels pixels.

    The width divides the pixels of one channel: 128, 64 or 32 if one of them does, else the largest below 64.
    """
    plane = height * width
    chosen = next((size for size in (128, 64, 32) if plane % size == 0), 0)
    chosen = chosen or next(size for size in range(63, 0, -1) if plane % size == 0)
    return chosen, plane * channels // chosen
