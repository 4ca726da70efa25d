"""Bit strings in little-endian 32-bit words, the first bit in bit 0 of word 0."""

import numpy as np
import numpy.typing as npt

ByteArray = npt.NDArray[np.uint8]
Offsets = npt.NDArray[np.int64]

WORD_BYTES = 4


def add_bits(words: npt.NDArray[np.uint64], offsets: Offsets, values: npt.NDArray[np.uint64]) -> None:
    """Write `values`, of at most 32 bits each, at ascending bit `offsets` of a bit string.

    `words` holds 32 bits of the string in each uint64 element and is changed in place; bits that are written
    must be zero before, and one element beyond the last bit must exist.
    """
    if not len(offsets):
        return
    word = offsets >> 5
    shifted = values << (offsets & 31).astype(np.uint64)
    starts = np.concatenate(([0], np.flatnonzero(word[1:] != word[:-1]) + 1))
    sums = np.add.reduceat(shifted, starts)
    touched = word[starts]
    words[touched] += sums & np.uint64(0xFFFFFFFF)
    words[touched + 1] += sums >> np.uint64(32)


def bit_words(bit_count: int) -> npt.NDArray[np.uint64]:
    """An all-zero bit string for `add_bits`."""
    return np.zeros((bit_count + 31) // 32 + 1, np.uint64)


def to_bytes(words: npt.NDArray[np.uint64], byte_count: int) -> ByteArray:
    """The first `byte_count` bytes of a bit string, zeros after its end."""
    stored = words.astype("<u4").view(np.uint8)[:byte_count]
    result = np.zeros(byte_count, np.uint8)
    result[: len(stored)] = stored
    return result


class BitReader:
    """Random access to the bits of a byte array; bits beyond its end read as zero."""

    def __init__(self, data: ByteArray) -> None:
        padded = np.zeros((len(data) // WORD_BYTES + 3) * WORD_BYTES, np.uint8)
        padded[: len(data)] = data
        words = padded.view("<u4").astype(np.uint64)
        self.bit_count = len(data) * 8
        self._windows = words[:-1] | words[1:] << np.uint64(32)

    def read(self, offsets: Offsets, width: int) -> npt.NDArray[np.uint32]:
        """The values of `width` (at most 32) bits at each offset."""
        windows = self._windows[np.minimum(offsets >> 5, len(self._windows) - 1)]
        shifted = windows >> (offsets & 31).astype(np.uint64)
        values: npt.NDArray[np.uint32] = (shifted & np.uint64((1 << width) - 1)).astype(np.uint32)
        return values

    def read_one(self, offset: int, width: int) -> int:
        """The value of `width` (at most 32) bits at one offset."""
        return int(self._windows[min(offset >> 5, len(self._windows) - 1)]) >> (offset & 31) & ((1 << width) - 1)
