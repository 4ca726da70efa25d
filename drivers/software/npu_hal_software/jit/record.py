"""Operation records: what the native entry point is told about each operation.

A record is a fixed number of 64-bit slots. Slot 0 holds the kind, slot 1 the number of chunks that threads share the
work in; the rest are the kind's own fields. Kernels read fields by name, so layout is written down once, here.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from npu_hal_software.jit.ir import I64, Type, Value

SLOTS = 32
KIND_SLOT, CHUNKS_SLOT, FIRST_FIELD = 0, 1, 2

REQUANTISATION_FIELDS = ("flags", "zero_point", "low", "high")
# Bits of `flags`. CLAMPS_NEGATIVE: whatever is negative before the zero point is added ends at `low`.
CLAMPS_NEGATIVE = 1
# Some channel's multiplier is 1/2 or more: accumulators are shifted left first.
SHIFTS_LEFT = 2
# The blocks of constants have the words of lines, which clamp negative values too: see `packing.rounding_line`.
FOLLOWS_LINE = 4


class RecordKind(NamedTuple):
    """The layout of one kind of record."""

    code: int
    name: str
    fields: tuple[str, ...]

    def pack(self, chunks: int, **values: int) -> NDArray[np.int64]:
        """A record; fields that are not given are 0. Raises KeyError for a field that the kind does not have."""
        record = np.zeros(SLOTS, np.int64)
        record[KIND_SLOT] = self.code
        record[CHUNKS_SLOT] = chunks
        for name, value in values.items():
            record[self.slot(name)] = value
        return record

    def slot(self, field: str) -> int:
        """The slot of a field; KeyError if the kind has no such field."""
        if field not in self.fields:
            raise KeyError(f"record kind {self.name} has no field {field}")
        return FIRST_FIELD + self.fields.index(field)

    def read(self, operation: Value, field: str, type_: Type = I64) -> Value:
        """Code that reads a field of the record that the pointer `operation` points to."""
        return operation.load(type_, 8 * self.slot(field))


GEMM = RecordKind(
    0,
    "gemm",
    (
        *REQUANTISATION_FIELDS,
        "input",
        "column_step",  # bytes from one output column's first input byte to the next one's
        "row_step",  # the same for output rows
        "columns",
        "rows",
        "tiles",  # address of the tile table
        "tile_count",
        "output",
        "output_column_step",
        "output_row_step",
        "row_sums",  # address of an int32 per output position, or 0
        "split_tiles",  # 1: threads share the channels' tiles, 0: the positions
        "block",  # output columns that are worked through before the next tile's weights
    ),
)
_DEPTHWISE_FIELDS = (
    *REQUANTISATION_FIELDS,
    "input",
    "input_row_step",
    "channels",  # bytes per pixel
    "height",
    "blocks",  # address of the first block of header, constants and weights
    "block_step",
    "block_count",
    "output",
    "output_row_step",
    "output_height",
    "zero_row",  # address of a row of the input's zero point
    "pad_top",
    "pad_left",
    "scratch",  # address of memory for a row that is computed in vain
)
DEPTHWISE_3X3 = RecordKind(
    1, "depthwise_3x3", (*_DEPTHWISE_FIELDS, "width", "block_width", "output_width", "output_column_step", "stride")
)
# `ends` is the address of `depthwise_flat.ends_bytes` for each chunk.
DEPTHWISE_FLAT = RecordKind(23, "depthwise_flat", (*_DEPTHWISE_FIELDS, "ends"))
DEPTHWISE = RecordKind(
    2,
    "depthwise",
    (
        *REQUANTISATION_FIELDS,
        "input",
        "column_step",
        "row_step",
        "taps",  # address of the taps' offsets, int64, a multiple of 4 of them
        "group_count",  # taps / 4
        "blocks",
        "block_step",
        "block_count",
        "block_width",
        "output",
        "output_row_step",
        "channels",
        "output_height",
        "output_width",
    ),
)
ROW_SUMS = RecordKind(
    3,
    "row_sums",
    (
        "input",
        "column_step",
        "row_step",
        "columns",
        "rows",
        "depth",  # bytes that count in a segment
        "segments",
        "segment_count",
        "output",
        "factor",
    ),
)
COPY = RecordKind(
    4,
    "copy",
    (
        "input",
        "output",
        *(f"size_{axis}" for axis in range(4)),
        *(f"input_step_{axis}" for axis in range(4)),
        *(f"output_step_{axis}" for axis in range(4)),
        "bytes",  # contiguous bytes of one element
        "mask",  # xor of every byte
    ),
)
_BINARY_FIELDS = (
    *REQUANTISATION_FIELDS,
    "lhs",
    "rhs",
    "output",
    "count",
    "constants",  # address of the blocks of constants: rhs and result (add), or the result alone (multiply)
    "lhs_zero_point",
    "rhs_zero_point",
)
ADD = RecordKind(
    5,
    "add",
    (
        *_BINARY_FIELDS,
        "lhs_sign",  # -1: the operand is subtracted, 0: added
        "rhs_sign",
        "rhs_shift",  # bits that rhs is shifted left by before it is rescaled
    ),
)
MULTIPLY = RecordKind(6, "multiply", _BINARY_FIELDS)
POOL = RecordKind(
    7,
    "pool",
    (
        "low",
        "high",
        "input",
        "input_row_step",
        "channels",
        "height",
        "width",
        "output",
        "output_height",
        "output_width",
        "filter_height",
        "filter_width",
        "stride_height",
        "stride_width",
        "pad_top",
        "pad_left",
        "maximum",  # 1: largest, 0: average
        "offset",  # what the stored byte is above the value: 128 for int8
    ),
)
MEAN = RecordKind(
    8,
    "mean",
    (*REQUANTISATION_FIELDS, "input", "count", "channels", "step", "constants", "output"),
)
LOOKUP = RecordKind(9, "lookup", ("input", "output", "count", "table"))
SOFTMAX = RecordKind(
    10,
    "softmax",
    (
        "input",
        "output",
        "rows",
        "depth",
        "table",
        "scratch",  # memory for one row's exponentials for each chunk
        "scratch_bytes",
    ),
)
RESIZE_BILINEAR = RecordKind(
    11,
    "resize_bilinear",
    (
        "input",
        "channels",
        "output",
        "output_height",
        "output_width",
        "rows",  # address of a `resize.NEIGHBOUR_BYTES` entry per output row
        "columns",  # the same per output column
        "in_floats",  # 1: fractions are float and halves round up, 0: fractions are integers
        "offset",  # what the stored byte is above the value
    ),
)
GATHER = RecordKind(
    14,
    "gather",
    ("input", "output", "rows", "columns", "row_offsets", "column_offsets", "bytes", "mask"),
)
_CONVERSION_FIELDS = ("input", "output", "count", "scale", "zero_point", "low", "high", "offset")
# Float to bytes; `scale` holds the bits of a float, the rest are values of the tensor's own type, `offset` what stored
# bytes are above them.
QUANTIZE = RecordKind(15, "quantize", _CONVERSION_FIELDS)
DEQUANTIZE = RecordKind(16, "dequantize", _CONVERSION_FIELDS)
ARG_EXTREMUM = RecordKind(
    17,
    "arg_extremum",
    (
        "input",
        "output",
        "rows",
        "depth",
        "mask",  # xor of every byte: 0 for the largest, 255 for the smallest
        "is_long",  # 1: int64 indices, 0: int32
    ),
)
EXTREMUM = RecordKind(
    18,
    "extremum",
    (
        "lhs",
        "rhs",
        "rhs_step",  # 1: bytes of a tensor, 0: one vector of equal bytes
        "output",
        "count",
        "is_maximum",  # 1: the larger, 0: the smaller
    ),
)
TRANSPOSE_OUTER_AXES = 4
TRANSPOSE = RecordKind(
    19,
    "transpose",
    (
        "input",
        "output",
        "rows",
        "columns",
        "row_step",  # bytes from one input row to the next
        "column_step",  # bytes from one output row, which is an input column, to the next
        "element",  # bytes that are contiguous on both sides: 1, 2, 4 or 8
        "mask",  # xor of every byte, 8 times
        "outer",  # number of matrices: the product of the sizes
        *(f"size_{axis}" for axis in range(TRANSPOSE_OUTER_AXES)),
        *(f"input_step_{axis}" for axis in range(TRANSPOSE_OUTER_AXES)),
        *(f"output_step_{axis}" for axis in range(TRANSPOSE_OUTER_AXES)),
    ),
)
LSTM = RecordKind(
    20,
    "lstm",
    (
        "input",
        "input_sequence_step",  # bytes
        "input_time_step",
        "output",
        "output_sequence_step",
        "output_time_step",
        "sequences",
        "steps",
        "units",
        "state",  # what the output was before the first step
        "cell",  # int16, changed in place
        "blocks",  # address of the first block of constants and weights
        "block_step",
        "block_count",
        "input_groups",  # inputs / 4
        "state_groups",
        "sums",  # scratch memory of the gates' sums
        "sums_bytes",  # of one sequence
        "logistic",  # addresses of tables of int16 by int16
        "gate_tanh",
        "cell_tanh",
        "added_shift",  # bits from the product of input gate and candidate to the cell state
        "cell_bound",
        "lowest_cell",
        "hidden_multiplier",
        "hidden_shift",
        "hidden_zero_point",
    ),
)
NUMBERS = RecordKind(
    21,
    "numbers",
    (
        "lhs",
        "rhs",
        "lhs_step",  # 1: one number after the other, 0: the same number always
        "rhs_step",
        "output",
        "count",
        "function",  # index in `layout.NUMBER_FUNCTIONS`
        "low",  # bounds of results; bits of a float if they are floats
        "high",
    ),
)
LOOK_UP_SLICES_DEPTH = 4
LOOK_UP_SLICES = RecordKind(
    22,
    "look_up_slices",
    (
        "input",
        "output",
        "indices",
        "index_bytes",  # 4: int32, 8: int64
        "blocks",  # parts of the input in which the same slices are looked up
        "block_step",
        "rows",  # slices of each block
        "depth",  # indices of a slice
        *(f"size_{axis}" for axis in range(LOOK_UP_SLICES_DEPTH)),
        *(f"step_{axis}" for axis in range(LOOK_UP_SLICES_DEPTH)),
        "bytes",  # of a slice
        "refusal",  # address of a function that is called if an index is outside of the input
    ),
)
CALL = RecordKind(12, "call", ("function", "argument"))
PAD = RecordKind(
    13,
    "pad",
    (
        "input",
        "input_row_step",
        "row_bytes",
        "rows",
        "output",
        "output_row_step",
        "output_rows",
        "top",
        "left_bytes",
        "right_bytes",
        "value",
        "mask",  # xor of every byte that is copied
    ),
)
