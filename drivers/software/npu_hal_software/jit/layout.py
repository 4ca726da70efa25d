"""Layouts of what kernels read beside records: the code of kernels and what prepares their memory agree on them."""

# Entries of the tile table of matrix products, int64 each.
TILE_ENTRY = ("address", "vectors", "first_channel", "channels", "segments", "segment_count")
TILE_ENTRY_BYTES = 8 * len(TILE_ENTRY)
# Entries of a table of segments: offset in the input and length in bytes, int64 each.
SEGMENT_BYTES = 16

# Before the constants of a block of depthwise weights.
HEADER_BYTES = 64
# The 3x3 kernel has weights for two output rows; the second one's are shifted down by an input row.
ROW_VARIANTS = 2
# Rows that are worked through as flat runs of bytes: so many at a time have copies of both of their ends, each of some
# vectors of the row and some of zero points.
FLAT_ROWS = 4
ROW_PART_VECTORS, ZERO_VECTORS = 4, 3
ROW_END_VECTORS = ROW_PART_VECTORS + ZERO_VECTORS

# SOFTMAX's exponentials have no integer bits, their sums this many.
INTEGER_BITS_OF_SUM = 12

# Rows and columns of a transposition that are worked through at a time, and the sizes of elements in bytes.
TRANSPOSE_BLOCK = 64
ELEMENT_SIZES = (1, 2, 4, 8)

# The order of an LSTM's gates in its weights and sums.
GATES = ("input", "forget", "cell", "output")

# Functions of float32 and int32 numbers, by kind and element type, in the order of their codes.
NUMBER_FUNCTIONS = (
    "ADD float32",
    "SUB float32",
    "MUL float32",
    "DIV float32",
    "SQRT float32",
    "ADD int32",
    "SUB int32",
    "MUL int32",
    "FLOOR_DIV int32",
    "CAST int32",
)
# Numbers that are computed at a time; buffers have room for as many behind their last element.
NUMBER_LANES = 16
