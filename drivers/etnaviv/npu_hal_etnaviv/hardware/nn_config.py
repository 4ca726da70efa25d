"""The NN config: 34 words that describe one convolution job (hardware note, section 5).

`unused*` and `further*` are fields without a known meaning. Addresses are GPU addresses.
"""

from typing import Final

from npu_hal_etnaviv.hardware.bit_field import SplitValue, WordLayout, bits

NN_CONFIG: Final = WordLayout(
    "NN config",
    34,
    (
        bits("layer_type", 0, 0, 0, description="0 for every job, fully connected included"),
        bits("no_z_offset", 0, 1, 1, description="1 on V8: streams hold no output offsets"),
        bits("kernel_xy_size", 0, 2, 5, description="kernel size along x"),
        bits("kernel_z_size", 0, 6, 19, description="input channels, low 14 bits"),
        bits("kernels_per_core", 0, 20, 26, description="kernels of one core in a superblock"),
        bits("pooling", 0, 27, 28, description="0 none, 1 max, 2 average, 3 first pixel"),
        bits("pooling_xy_size", 0, 29, 29, 1, "1 without pooling, 0 for 2x2"),
        bits("prelu", 0, 30, 30),
        bits("nn_layer_flush", 0, 31, 31, 1),
        bits("kernel_data_type", 1, 0, 1),
        bits("in_image_data_type", 1, 2, 3),
        bits("out_image_data_type", 1, 4, 5),
        bits("in_image_x_size", 1, 6, 18, description="input width"),
        bits("in_image_y_size", 1, 19, 31, description="input height"),
        bits("in_image_x_offset", 2, 0, 2, description="x of the first tap, low 3 bits"),
        bits("in_image_y_offset", 2, 3, 5, description="y of the first tap, low 3 bits"),
        bits("unused0", 2, 6, 6),
        bits("brick_mode", 2, 7, 7),
        bits("brick_distance", 2, 8, 23),
        bits("relu", 2, 24, 24, description="fused ReLU or ReLU6"),
        bits("unused1", 2, 25, 25),
        bits("post_multiplier", 2, 26, 26, description="multiplier bit 0"),
        bits("post_shift", 2, 27, 31, description="shift bits 0 to 4"),
        bits("unused2", 3, 0, 2),
        bits("no_flush", 3, 3, 3, description="1 on V8"),
        bits("unused3", 3, 4, 5),
        bits("out_image_x_size", 3, 6, 18, description="output width before pooling"),
        bits("out_image_y_size", 3, 19, 31, description="output height before pooling"),
        bits("out_image_z_size", 4, 0, 13, description="output channels"),
        bits("rounding_mode", 4, 14, 15, 1),
        bits("in_image_x_offset_bit_3", 4, 16, 16, description="x of the first tap, bit 3"),
        bits("in_image_y_offset_bit_3", 4, 17, 17, description="y of the first tap, bit 3"),
        bits("out_image_tile_x_size", 4, 18, 24, description="tile width"),
        bits("out_image_tile_y_size", 4, 25, 31, description="tile height"),
        bits("kernel_address", 5, 0, 25, description="address of the coefficients / 64"),
        bits("kernel_z_size2", 5, 26, 31, description="input channels, bits 14 to 19"),
        bits("in_image_address", 6, 0, 31, description="byte address of the input"),
        bits("out_image_address", 7, 0, 31, description="byte address of the output"),
        bits("image_caching_mode", 8, 0, 1, description="0 none, 1 full, 2 partial"),
        bits("kernel_caching_mode", 8, 2, 3, description="0 none, 1 full, 2 partial"),
        bits("partial_cache_data_unit", 8, 4, 5),
        bits("kernel_pattern_msb", 8, 6, 11, description="kernel pattern, bits 64 to 69"),
        bits("kernel_y_size", 8, 12, 15, description="kernel size along y"),
        bits("out_image_y_stride", 8, 16, 31, description="output height after pooling"),
        bits("kernel_pattern_low", 9, 0, 31, description="kernel pattern, bits 0 to 31"),
        bits("kernel_pattern_high", 10, 0, 31, description="kernel pattern, bits 32 to 63"),
        bits("kernel_cache_start_address", 11, 0, 31, 0x800, "offset in on-chip memory"),
        bits("kernel_cache_end_address", 12, 0, 31, description="offset in on-chip memory"),
        bits("image_cache_start_address", 13, 0, 31, description="offset in on-chip memory"),
        bits("image_cache_end_address", 14, 0, 31, description="offset in on-chip memory"),
        bits("in_image_border_mode", 15, 0, 1, description="0 constant"),
        bits("in_image_border_const", 15, 2, 17, description="value outside of the image: the input zero point"),
        bits("unused4", 15, 18, 18),
        bits("kernel_data_type_bit_2", 15, 19, 19),
        bits("in_image_data_type_bit_2", 15, 20, 20),
        bits("out_image_data_type_bit_2", 15, 21, 21),
        bits("post_multiplier_1_to_6", 15, 22, 27, description="multiplier bits 1 to 6"),
        bits("post_shift_bit_5_6", 15, 28, 29, description="shift bits 5 and 6"),
        bits("unused5", 15, 30, 31),
        bits("in_image_x_stride", 16, 0, 15, description="bytes from row to row"),
        bits("in_image_y_stride", 16, 16, 31, description="rows from channel to channel"),
        bits("out_image_x_stride", 17, 0, 15, description="output width after pooling"),
        bits("unused6", 17, 16, 23),
        bits("post_multiplier_7_to_14", 17, 24, 31, description="multiplier bits 7 to 14"),
        bits("out_image_circular_buf_size", 18, 0, 25),
        bits("per_channel_post_mul", 18, 26, 26),
        bits("unused7_0", 18, 27, 27),
        bits("unused7_1", 18, 28, 28),
        bits("unused7_2", 18, 29, 29, description="V8: sign extension of the x offset"),
        bits("unused7_3", 18, 30, 31, description="V8: sign extension of the y offset"),
        bits("out_image_circular_buf_end_addr_plus_1", 19, 0, 25, 0x3FFFFFF),
        bits("unused8", 19, 26, 31),
        bits("in_image_circular_buf_size", 20, 0, 25),
        bits("unused9", 20, 26, 31),
        bits("in_image_circular_buf_end_addr_plus_1", 21, 0, 25, 0x3FFFFFF),
        bits("unused10", 21, 26, 31),
        bits("coef_zero_point", 22, 0, 7, description="weight zero point"),
        bits("out_zero_point", 22, 8, 15, description="output zero point"),
        bits("kernel_direct_stream_from_VIP_sram", 22, 16, 16),
        bits("depthwise", 22, 17, 17, description="V8 depthwise job"),
        bits("post_multiplier_15_to_22", 22, 18, 25, description="V8: multiplier bits 15 to 22"),
        bits("unused11", 22, 26, 31),
        bits("unused12", 23, 0, 31),
        bits("unused13", 24, 0, 3),
        bits("unused14", 24, 4, 31),
        bits("unused15", 25, 0, 3),
        bits("unused16", 25, 4, 31),
        bits("further1", 26, 0, 31),
        bits("further2", 27, 0, 31),
        bits("further3", 28, 0, 31, 0x3FFFFFF),
        bits("further4", 29, 0, 31, 0x7F800000, "+inf as float32"),
        bits("further5", 30, 0, 31, 0xFF800000, "-inf as float32"),
        bits("further6", 31, 0, 31),
        bits("further7", 32, 0, 31),
        bits("further8", 33, 0, 31),
    ),
)

NN_CONFIG_ALIGNMENT: Final = 64
"""Bytes; the low bits of the address written to PS_NN_INST_ADDR hold the sync id."""

NN_ADDRESS_FIELDS: Final = ("kernel_address", "in_image_address", "out_image_address")

KERNEL_ADDRESS_SHIFT: Final = 6
"""`kernel_address` counts units of 64 bytes."""

POOLING_NONE: Final = 0
POOLING_FIRST_PIXEL: Final = 3

IN_IMAGE_X_OFFSET: Final = {
    7: SplitValue("x offset", (("in_image_x_offset", 3), ("in_image_x_offset_bit_3", 1)), signed=True),
    8: SplitValue(
        "x offset",
        (("in_image_x_offset", 3), ("in_image_x_offset_bit_3", 1), ("unused7_2", 1)),
        signed=True,
    ),
}
"""Where each generation stores the column of the first tap, relative to output column 0."""

IN_IMAGE_Y_OFFSET: Final = {
    7: SplitValue("y offset", (("in_image_y_offset", 3), ("in_image_y_offset_bit_3", 1)), signed=True),
    8: SplitValue(
        "y offset",
        (("in_image_y_offset", 3), ("in_image_y_offset_bit_3", 1), ("unused7_3", 1)),
        signed=True,
    ),
}
"""Where each generation stores the row of the first tap, relative to output row 0."""

POST_MULTIPLIER: Final = {
    7: SplitValue(
        "post multiplier",
        (("post_multiplier", 1), ("post_multiplier_1_to_6", 6), ("post_multiplier_7_to_14", 8)),
    ),
    8: SplitValue(
        "post multiplier",
        (
            ("post_multiplier", 1),
            ("post_multiplier_1_to_6", 6),
            ("post_multiplier_7_to_14", 8),
            ("post_multiplier_15_to_22", 8),
        ),
    ),
}
"""Where each generation stores the mantissa of the output scale."""

POST_SHIFT: Final = SplitValue("post shift", (("post_shift", 5), ("post_shift_bit_5_6", 2)))

KERNEL_Z_SIZE: Final = SplitValue("kernel z size", (("kernel_z_size", 14), ("kernel_z_size2", 6)))

KERNEL_PATTERN: Final = SplitValue(
    "kernel pattern",
    (("kernel_pattern_low", 32), ("kernel_pattern_high", 32), ("kernel_pattern_msb", 6)),
)
