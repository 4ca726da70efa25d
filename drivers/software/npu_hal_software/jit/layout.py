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

# SOFTMAX's exponentials have no integer bits, their sums this many.
INTEGER_BITS_OF_SUM = 12
