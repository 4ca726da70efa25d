"""The headers of the coefficient buffer (hardware note, sections 6 and 7)."""

from typing import Final

from npu_hal_etnaviv.hardware.bit_field import WordLayout, bits

COEFFICIENT_ALIGNMENT: Final = 64
"""Bytes: alignment of the buffer, of its header and of every core's stream."""


def v7_header(cores: int) -> WordLayout:
    """The V7 header: one word a core with its stream's size in bytes (0: no kernels), padded to 64 bytes."""
    words_per_unit = COEFFICIENT_ALIGNMENT // 4
    return WordLayout(
        "V7 coefficient header",
        -(-cores // words_per_unit) * words_per_unit,
        tuple(bits(f"stream_bytes_{core}", core, 0, 31, description="a multiple of 64") for core in range(cores)),
    )


V7_ZERO_RUN_BITS_WIDTH: Final = 8
"""A V7 core stream begins with the number of zero-run bits, in 8 bits ..."""

V7_KERNEL_COUNT_WIDTH: Final = 16
"""... and the number of kernels of each core, in 16 bits."""

V8_HEADER_BYTES: Final = 64

V8_MAXIMUM_CORES: Final = 9
"""Stream sizes of so many cores fit between byte 28 and the end of the V8 header."""

V8_HEADER: Final = WordLayout(
    "V8 coefficient header",
    V8_HEADER_BYTES // 4,
    (
        bits("precode", 0, 0, 0),
        bits("bit16", 0, 1, 1),
        bits("fp16", 0, 2, 2),
        bits("reserved", 0, 3, 3),
        bits("version", 0, 4, 7, 1),
        bits("run_length_size", 0, 8, 15),
        bits("run_length_table_0", 0, 16, 31),
        *(bits(f"run_length_table_{word}", word, 0, 31) for word in range(1, 5)),
        *(
            bits(f"symbol_map_{symbol}", 5, 4 * symbol, 4 * symbol + 3, description="bit length of the symbol")
            for symbol in range(8)
        ),
        bits("average_bias", 6, 0, 15),
        bits("reserved_2", 6, 16, 31),
        *(
            bits(f"stream_bits_{core}", 7 + core, 0, 31, description="without the padding")
            for core in range(V8_MAXIMUM_CORES)
        ),
    ),
)
