"""An NN config as the job it asks for, with every field checked (hardware note, sections 4 and 5)."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from npu_hal_etnaviv.emulator.descriptor import Descriptor
from npu_hal_etnaviv.hardware.nn_config import (
    IN_IMAGE_X_OFFSET,
    IN_IMAGE_Y_OFFSET,
    KERNEL_ADDRESS_SHIFT,
    KERNEL_Z_SIZE,
    NN_CONFIG,
    POOLING_FIRST_PIXEL,
    POOLING_NONE,
    POST_MULTIPLIER,
    POST_SHIFT,
)
from npu_hal_etnaviv.hardware.npu_core import MAXIMUM_TILE_X, NpuCore

MAXIMUM_MULTIPLY_ACCUMULATES: Final = 1 << 38
"""Of one job: at some 4e11 a second the hardware would take so long that the kernel's hang check resets it."""

MAXIMUM_IMAGE_VALUES: Final = 1 << 26
"""Input values that one job reads, borders included: what the emulator is ready to hold as floats."""

_FREE_FIELDS: Final = frozenset(
    {
        "kernel_xy_size",
        "kernel_z_size",
        "kernels_per_core",
        "in_image_x_size",
        "in_image_y_size",
        "in_image_x_offset",
        "in_image_y_offset",
        "post_multiplier",
        "post_shift",
        "out_image_x_size",
        "out_image_y_size",
        "out_image_z_size",
        "in_image_x_offset_bit_3",
        "in_image_y_offset_bit_3",
        "out_image_tile_x_size",
        "out_image_tile_y_size",
        "kernel_address",
        "kernel_z_size2",
        "in_image_address",
        "out_image_address",
        "kernel_pattern_msb",
        "kernel_y_size",
        "out_image_y_stride",
        "kernel_pattern_low",
        "kernel_pattern_high",
        "kernel_cache_start_address",
        "kernel_cache_end_address",
        "image_cache_start_address",
        "image_cache_end_address",
        "in_image_border_const",
        "post_multiplier_1_to_6",
        "post_shift_bit_5_6",
        "in_image_x_stride",
        "in_image_y_stride",
        "out_image_x_stride",
        "post_multiplier_7_to_14",
        "coef_zero_point",
        "out_zero_point",
    }
)

_FLAG: Final = (0, 1)
_CACHING_MODES: Final = (0, 1, 2)

_ALLOWED: Final[dict[int, dict[str, tuple[int, ...]]]] = {
    7: {
        "pooling": (POOLING_NONE, POOLING_FIRST_PIXEL),
        "pooling_xy_size": _FLAG,
        "relu": _FLAG,
        "image_caching_mode": _CACHING_MODES,
        "kernel_caching_mode": _CACHING_MODES,
    },
    8: {
        "no_z_offset": (1,),
        "no_flush": (1,),
        "pooling": (POOLING_NONE, POOLING_FIRST_PIXEL),
        "pooling_xy_size": _FLAG,
        "relu": _FLAG,
        "depthwise": _FLAG,
        "unused7_2": _FLAG,
        "unused7_3": _FLAG,
        "post_multiplier_15_to_22": tuple(range(256)),
    },
}
"""By generation: what fields with several documented values, or others than their default, may hold."""


@dataclass(frozen=True, slots=True)
class NnDescriptor:
    """One NN job. Sizes are in values, that is in bytes; x is the fast axis.

    output_width, output_height: what is stored, after pooling.
    step: 2 with first-pixel pooling, of which only every second column and row is stored, else 1.
    offset_x, offset_y: input position of the first tap of output 0.
    kernels_per_core: kernels of one core in a full superblock of the coefficient stream.
    multiplier, shift: the sum is scaled by `multiplier / 2**shift`.
    """

    kernel_width: int
    kernel_height: int
    input_channels: int
    output_channels: int
    kernels_per_core: int
    depthwise: bool
    step: int
    input_width: int
    input_height: int
    input_row_stride: int
    input_rows_per_channel: int
    output_width: int
    output_height: int
    output_row_stride: int
    output_rows_per_channel: int
    offset_x: int
    offset_y: int
    border: int
    weight_zero_point: int
    output_zero_point: int
    relu: bool
    multiplier: int
    shift: int
    coefficient_address: int
    input_address: int
    output_address: int

    @property
    def input_extent(self) -> int:
        """Bytes from the first value of the input to the last one, both included."""
        rows = (self.input_channels - 1) * self.input_rows_per_channel + self.input_height - 1
        return rows * self.input_row_stride + self.input_width

    @property
    def output_extent(self) -> int:
        """Bytes from the first value of the output to the last one, both included."""
        rows = (self.output_channels - 1) * self.output_rows_per_channel + self.output_height - 1
        return rows * self.output_row_stride + self.output_width

    @property
    def weight_count(self) -> int:
        """Weights of the job: each output channel has one kernel over all input channels, or over its own."""
        depth = 1 if self.depthwise else self.input_channels
        return self.output_channels * depth * self.kernel_height * self.kernel_width


def read_nn_descriptor(words: NDArray[np.uint32], core: NpuCore, job: str) -> NnDescriptor:
    """The job that 34 words ask for. Raises NpuFault for the first field that is out of range."""
    fields = Descriptor(NN_CONFIG, words, job)
    fields.check_values(_FREE_FIELDS, _ALLOWED[core.generation])
    first_pixel = fields["pooling"] == POOLING_FIRST_PIXEL
    if fields["pooling_xy_size"] == int(first_pixel):
        raise fields.fault("pooling_xy_size", "it is 0 with first-pixel pooling, and 1 without pooling")
    if first_pixel and not core.has_first_pixel_pooling:
        raise fields.fault("pooling", f"{core.name} has no first-pixel pooling")
    if fields["depthwise"] and not core.has_native_depthwise:
        raise fields.fault("depthwise", f"{core.name} has no depthwise convolution")
    _check_sizes(fields, core, first_pixel)
    _check_caches(fields, core)
    step = 2 if first_pixel else 1
    multiplier, shift = _scale(fields, core)
    return NnDescriptor(
        kernel_width=fields["kernel_xy_size"],
        kernel_height=fields["kernel_y_size"],
        input_channels=fields.join(KERNEL_Z_SIZE),
        output_channels=fields["out_image_z_size"],
        kernels_per_core=fields["kernels_per_core"],
        depthwise=bool(fields["depthwise"]),
        step=step,
        input_width=fields["in_image_x_size"],
        input_height=fields["in_image_y_size"],
        input_row_stride=fields["in_image_x_stride"],
        input_rows_per_channel=fields["in_image_y_stride"],
        output_width=fields["out_image_x_size"] // step,
        output_height=fields["out_image_y_size"] // step,
        output_row_stride=fields["out_image_x_stride"],
        output_rows_per_channel=fields["out_image_y_stride"],
        offset_x=fields.join(IN_IMAGE_X_OFFSET[core.generation]),
        offset_y=fields.join(IN_IMAGE_Y_OFFSET[core.generation]),
        border=fields["in_image_border_const"],
        weight_zero_point=fields["coef_zero_point"],
        output_zero_point=fields["out_zero_point"],
        relu=bool(fields["relu"]),
        multiplier=multiplier,
        shift=shift,
        coefficient_address=fields["kernel_address"] << KERNEL_ADDRESS_SHIFT,
        input_address=fields["in_image_address"],
        output_address=fields["out_image_address"],
    )


def _scale(fields: Descriptor, core: NpuCore) -> tuple[int, int]:
    """The multiplier with its implied leading one, and the whole shift (hardware note, section 4)."""
    stored = POST_MULTIPLIER[core.generation]
    leading_one = 1 << stored.width
    fraction_bits = stored.width if core.generation == 8 else 0
    return leading_one + fields.join(stored), fields.join(POST_SHIFT) + fraction_bits


def _check_sizes(fields: Descriptor, core: NpuCore, first_pixel: bool) -> None:
    """Sizes that are zero, over the core's limits, or not consistent with each other."""
    kernel_width, kernel_height = fields["kernel_xy_size"], fields["kernel_y_size"]
    fields.check_range("kernel_xy_size", 1, core.maximum_kernel_x)
    fields.check_range("kernel_y_size", 1, core.maximum_kernel_y)
    channels = fields.join(KERNEL_Z_SIZE)
    fields.check_range("kernel_z_size", 1, core.maximum_kernel_z, value=channels)
    for axis, kernel in (("x", kernel_width), ("y", kernel_height)):
        size = fields[f"in_image_{axis}_size"]
        fields.check_range(f"in_image_{axis}_size", 1, 0x1FFF)
        fields.check_range(f"in_image_{axis}_stride", size, 0xFFFF)
        output = fields[f"out_image_{axis}_size"]
        fields.check_range(f"out_image_{axis}_size", 1, size + kernel)
        if first_pixel and output % 2:
            raise fields.fault(f"out_image_{axis}_size", f"{output} is odd, and first-pixel pooling halves it")
        fields.check_range(f"out_image_{axis}_stride", output // (2 if first_pixel else 1), 0xFFFF)
    reach = 1 << core.image_offset_bits - 1
    for axis, offsets in (("x", IN_IMAGE_X_OFFSET), ("y", IN_IMAGE_Y_OFFSET)):
        offset = fields.join(offsets[core.generation])
        fields.check_range(f"in_image_{axis}_offset", -reach, reach - 1, value=offset)
    fields.check_range("out_image_z_size", 1, 0x3FFF)
    if fields["depthwise"] and fields["out_image_z_size"] != channels:
        raise fields.fault("out_image_z_size", f"a depthwise job has as many output channels as input, {channels}")
    fields.check_range("out_image_tile_x_size", 1, MAXIMUM_TILE_X)
    fields.check_range("out_image_tile_y_size", 1, 0x7F)
    most_kernels = -(-fields["out_image_z_size"] // core.nn_core_count)
    fields.check_range("kernels_per_core", 1, min(most_kernels, 0x7F))
    fields.check_range("in_image_border_const", 0, 0xFF)
    depth = 1 if fields["depthwise"] else channels
    outputs = fields["out_image_x_size"] * fields["out_image_y_size"] * fields["out_image_z_size"]
    if outputs * depth * kernel_width * kernel_height > MAXIMUM_MULTIPLY_ACCUMULATES:
        raise fields.fault("out_image_z_size", "the job is so large that the kernel would reset a hanging NPU")
    width, height = fields["out_image_x_size"] + kernel_width, fields["out_image_y_size"] + kernel_height
    if channels * width * height > MAXIMUM_IMAGE_VALUES:
        raise fields.fault("kernel_z_size", f"the job reads more than {MAXIMUM_IMAGE_VALUES} input values")


def _check_caches(fields: Descriptor, core: NpuCore) -> None:
    """On-chip memory: what a caching mode that is on says about it must lie within it."""
    for kind in ("kernel", "image"):
        start, end = fields[f"{kind}_cache_start_address"], fields[f"{kind}_cache_end_address"]
        if fields[f"{kind}_caching_mode"]:
            fields.check_range(f"{kind}_cache_end_address", 1, core.on_chip_sram_size)
            fields.check_range(f"{kind}_cache_start_address", 0, end - 1, value=start)
