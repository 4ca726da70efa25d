"""The command stream: its opcode, and the registers that an NPU job writes (hardware note, section 2).

A stream is made of little-endian 32-bit words. Commands start at even word indexes; a zero word is padding.
"""

from enum import IntEnum
from typing import Final

from npu_hal_etnaviv.hardware.bit_field import WordLayout, bits

LOAD_STATE: Final = WordLayout(
    "LOAD_STATE command",
    1,
    (
        bits("state_index", 0, 0, 15, description="address of the first register / 4"),
        bits("count", 0, 16, 25, 1, "registers written, one value word each"),
        bits("fixed_point", 0, 26, 26),
        bits("opcode", 0, 27, 31, 1),
    ),
)

LOAD_STATE_OPCODE: Final = 1

COMMAND_ALIGNMENT: Final = 2
"""Words; a command starts at an even word index."""

STREAM_WORD_LIMIT: Final = 0x4000
"""Words of one submit at most."""


class Register(IntEnum):
    """Byte addresses of the registers that NPU submits write."""

    PA_SYSTEM_MODE = 0x0A28
    PS_NN_INST_ADDR = 0x10A0
    PS_UNK10A4 = 0x10A4
    PS_TP_INST_ADDR = 0x10B8
    GL_FLUSH_CACHE = 0x380C
    GL_API_MODE = 0x384C
    GL_NN_CONFIG = 0x3930
    GL_OCB_REMAP_START = 0x393C
    GL_OCB_REMAP_END = 0x3940
    GL_TP_CONFIG = 0x394C
    GL_UNK03950 = 0x3950


GL_NN_CONFIG: Final = WordLayout(
    "GL_NN_CONFIG",
    1,
    (
        bits("unknown0", 0, 0, 1),
        bits("disable_zdpn", 0, 2, 2),
        bits("disable_swtiling", 0, 3, 3),
        bits("small_batch", 0, 4, 4, 1),
        bits("ddr_burst_size", 0, 5, 6),
        bits("unknown7", 0, 7, 7),
        bits("nn_core_count", 0, 8, 11, description="0: all cores, no power control"),
        bits("unknown12", 0, 12, 12),
    ),
)

GL_FLUSH_CACHE: Final = WordLayout(
    "GL_FLUSH_CACHE",
    1,
    (
        bits("depth", 0, 0, 0, 1),
        bits("color", 0, 1, 1, 1),
        bits("shader_l1", 0, 5, 5, 1),
        bits("unknown10", 0, 10, 10, 1),
        bits("unknown11", 0, 11, 11, 1),
    ),
)

PA_SYSTEM_MODE: Final = WordLayout(
    "PA_SYSTEM_MODE",
    1,
    (
        bits("provoking_vertex_last", 0, 0, 0, 1),
        bits("half_pixel_center", 0, 4, 4, 1),
    ),
)

INSTRUCTION_ADDRESS: Final = WordLayout(
    "instruction address",
    1,
    (
        bits("sync_id", 0, 0, 5),
        bits("address", 0, 6, 31, description="address of the config / 64"),
    ),
)

GL_API_MODE_OPENCL: Final = 2

GL_UNK03950_SPLIT_PAD: Final = 8
"""Written by every config but the last of a padding job."""

REGISTER_FIELDS: Final = {
    Register.PA_SYSTEM_MODE: PA_SYSTEM_MODE,
    Register.GL_NN_CONFIG: GL_NN_CONFIG,
    Register.GL_FLUSH_CACHE: GL_FLUSH_CACHE,
    Register.PS_NN_INST_ADDR: INSTRUCTION_ADDRESS,
    Register.PS_TP_INST_ADDR: INSTRUCTION_ADDRESS,
}
"""The registers with known fields; the others hold one plain value."""
