"""A TP config: a rearrangement of values in memory (hardware note, section 8)."""

from dataclasses import dataclass
from math import prod
from typing import Final

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray

from npu_hal_etnaviv.emulator.descriptor import Descriptor
from npu_hal_etnaviv.emulator.faults import Place
from npu_hal_etnaviv.emulator.memory import SubmitMemory
from npu_hal_etnaviv.hardware.npu_core import NpuCore
from npu_hal_etnaviv.hardware.tp_config import OUT_LOOP_COUNT, TP_CONFIG

MAXIMUM_VALUES: Final = 1 << 26
"""Values that one config moves at most; more would keep the hardware busy until the kernel resets it."""

_FREE_FIELDS: Final = frozenset(
    {
        "in_image_x_size",
        "in_image_y_size",
        "in_image_z_size",
        "in_image_stride",
        "in_image_slice",
        "in_window_x_start",
        "in_window_y_start",
        "in_window_x_end",
        "in_window_y_end",
        "in_tile_x_size",
        "in_tile_y_size",
        "in_tile_x_inc",
        "in_tile_y_inc",
        "in_image_base_address",
        "out_image_base_address",
        "in_zp",
        "out_zp",
        *(f"out_loop_{loop}_inc" for loop in range(OUT_LOOP_COUNT)),
        *(f"out_loop_{loop}_count" for loop in range(OUT_LOOP_COUNT - 1)),
    }
)

_ALLOWED: Final = {"out_loop_1_reset": (0, 1), "out_loop_3_reset": (0, 1), "no_flush": (0, 1)}
"""The reset bits change nothing in the loops' sum as far as is known, so that both of their values are run."""


@dataclass(frozen=True, slots=True)
class TpDescriptor:
    """One rearrangement. Window positions are relative to the input image's first value; sizes are in values.

    loops: (count, step in bytes) of output loops 0 to 5, the fastest first; `last_step` is that of loop 6.
    """

    width: int
    height: int
    slices: int
    row_bytes: int
    slice_bytes: int
    window_x: int
    window_y: int
    window_width: int
    window_height: int
    tile_width: int
    tile_height: int
    input_zero_point: int
    output_zero_point: int
    input_address: int
    output_address: int
    loops: tuple[tuple[int, int], ...]
    last_step: int

    @property
    def value_count(self) -> int:
        """Values moved."""
        return self.slices * self.window_width * self.window_height


def tp_place(job: str, field: str) -> Place:
    """Where a field of the job's config is."""
    return Place(job, TP_CONFIG.name, TP_CONFIG.field(field).word, field)


def read_tp_descriptor(words: NDArray[np.uint32], core: NpuCore, job: str) -> TpDescriptor:
    """What 31 words ask for. Raises NpuFault for the first field that is out of range."""
    fields = Descriptor(TP_CONFIG, words, job)
    if not core.can_reorder:
        raise fields.fault("out_loop_0_inc", f"the TP unit of {core.name} can not rearrange tensors")
    fields.check_values(_FREE_FIELDS, _ALLOWED)
    windows = {}
    for axis in ("x", "y"):
        fields.check_range(f"in_image_{axis}_size", 1, 0xFFFF)
        start, end = fields[f"in_window_{axis}_start"], fields[f"in_window_{axis}_end"]
        fields.check_range(f"in_window_{axis}_end", start, 0x7FFF)
        windows[axis] = end - start + 1
        tile = fields[f"in_tile_{axis}_size"]
        fields.check_range(f"in_tile_{axis}_size", 1, windows[axis])
        if windows[axis] % tile:
            raise fields.fault(f"in_tile_{axis}_size", f"the window's {windows[axis]} are no multiple of {tile}")
        fields.check_range(f"in_tile_{axis}_inc", tile, tile)
    count = windows["x"] * windows["y"] * fields["in_image_z_size"]
    if count > MAXIMUM_VALUES:
        raise fields.fault("in_image_z_size", f"{count} values are more than the {MAXIMUM_VALUES} of one config")
    loops = []
    for loop in range(OUT_LOOP_COUNT - 1):
        fields.check_range(f"out_loop_{loop}_count", 1, 0xFFFF)
        loops.append((fields[f"out_loop_{loop}_count"], _signed(fields[f"out_loop_{loop}_inc"])))
    period = prod(loop_count for loop_count, _ in loops)
    if count % period:
        raise fields.fault(
            "out_loop_0_count", f"the loops make {period} steps, and {count} values are no multiple of that"
        )
    return TpDescriptor(
        width=fields["in_image_x_size"],
        height=fields["in_image_y_size"],
        slices=fields["in_image_z_size"],
        row_bytes=fields["in_image_stride"],
        slice_bytes=fields["in_image_slice"],
        window_x=fields["in_window_x_start"],
        window_y=fields["in_window_y_start"],
        window_width=windows["x"],
        window_height=windows["y"],
        tile_width=fields["in_tile_x_size"],
        tile_height=fields["in_tile_y_size"],
        input_zero_point=fields["in_zp"],
        output_zero_point=fields["out_zp"],
        input_address=fields["in_image_base_address"],
        output_address=fields["out_image_base_address"],
        loops=tuple(loops),
        last_step=_signed(fields["out_loop_6_inc"]),
    )


def run_tp_job(descriptor: TpDescriptor, memory: SubmitMemory, job: str) -> None:
    """Move the values. Raises NpuFault for addresses that the job may not use."""
    if not descriptor.slices:
        return
    values = _read_window(descriptor, memory, job)
    if descriptor.input_zero_point != descriptor.output_zero_point:
        shift = descriptor.output_zero_point - descriptor.input_zero_point
        values = np.clip(values.astype(np.int16) + shift, 0, 255).astype(np.uint8)
    counts = [count for count, _ in descriptor.loops]
    counts.append(descriptor.value_count // prod(counts))
    steps = [step for _, step in descriptor.loops]
    steps.append(descriptor.last_step)
    reach = [(count - 1) * step for count, step in zip(counts, steps, strict=True)]
    first = descriptor.output_address + sum(min(distance, 0) for distance in reach)
    last = descriptor.output_address + sum(max(distance, 0) for distance in reach)
    data = memory.write(first, last - first + 1, tp_place(job, "out_image_base_address"))
    target = as_strided(data[descriptor.output_address - first :], counts[::-1], steps[::-1])
    target[...] = values.reshape(counts[::-1])


def _read_window(descriptor: TpDescriptor, memory: SubmitMemory, job: str) -> NDArray[np.uint8]:
    """The window's values in reading order: slice, tile row, tile column, row, column."""
    left, top = max(descriptor.window_x, 0), max(descriptor.window_y, 0)
    columns = max(min(descriptor.window_x + descriptor.window_width, descriptor.width) - left, 0)
    rows = max(min(descriptor.window_y + descriptor.window_height, descriptor.height) - top, 0)
    shape = (descriptor.slices, descriptor.window_height, descriptor.window_width)
    inside = None
    if rows and columns:
        start = descriptor.input_address + top * descriptor.row_bytes + left
        extent = (descriptor.slices - 1) * descriptor.slice_bytes + (rows - 1) * descriptor.row_bytes + columns
        data = memory.read(start, extent, tp_place(job, "in_image_base_address"))
        strides = (descriptor.slice_bytes, descriptor.row_bytes, 1)
        inside = as_strided(data, (descriptor.slices, rows, columns), strides)
    if inside is not None and inside.shape == shape:
        window = inside
    else:
        window = np.full(shape, descriptor.input_zero_point, np.uint8)
        if inside is not None:
            y, x = top - descriptor.window_y, left - descriptor.window_x
            window[:, y : y + rows, x : x + columns] = inside
    tiles = window.reshape(
        descriptor.slices,
        descriptor.window_height // descriptor.tile_height,
        descriptor.tile_height,
        descriptor.window_width // descriptor.tile_width,
        descriptor.tile_width,
    )
    return tiles.transpose(0, 1, 3, 2, 4)


def _signed(step: int) -> int:
    """A 32-bit step in two's complement."""
    return step - (1 << 32) if step >> 31 else step
