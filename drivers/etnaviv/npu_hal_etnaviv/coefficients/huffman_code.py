"""The Huffman code of V8: bytes in three pipelined parts (hardware note, section 7).

A byte is its sign (bit 7), and a magnitude of 7 bits (inverted if the sign is set) of bit length L. The
symbol of L has a first part of 3 bits and for some symbols a second part of 2 bits; the payload is what the
parts do not tell: the sign, and the L - 1 bits below the magnitude's leading one. Bytes go in pairs; the
parts of a pair are spread over three steps: its first parts in its own step, second parts in the next one,
payloads in the one after that.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from npu_hal_etnaviv.coefficients.bit_packing import BitReader, ByteArray, add_bits, bit_words, to_bytes
from npu_hal_etnaviv.coefficients.stream_error import CoefficientStreamError

SYMBOLS = 8
SymbolMap = tuple[int, ...]
"""The bit length L of each symbol's bytes, a permutation of 0 to 7."""

FIRST_BITS = 3
SECOND_BITS = 2
SIGN_IN_FIRST = 1 << 2
SIGN_IN_SECOND = 1 << 1

FIRST_PART = (0b000, 0b001, 0b111, 0b011, 0b110, 0b010, 0b010, 0b010)
"""First part of each symbol, first bit lowest, with a sign of 0 where it holds the sign (symbols 0 and 1)."""

SECOND_PART = (None, None, None, None, None, 0b01, 0b10, 0b00)
"""Second part of each symbol, first bit lowest, with a sign of 0 where it holds the sign (symbol 5)."""

FIRST_PART_SYMBOL = (0, 1, 5, 3, 0, 1, 4, 2)
"""The symbol of each first part; 5 stands for 5, 6 and 7, which the second part tells apart."""

SECOND_PART_SYMBOL = (7, 5, 6, 5)

SYMBOL_COST = (3, 3, 4, 4, 4, 5, 6, 6)
"""Bits of each symbol with its sign, without the bits below the magnitude's leading one."""

FLUSH_PAIRS = 2


def _magnitudes() -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Sign, magnitude and bit length L of every byte."""
    byte = np.arange(256)
    sign = byte >> 7
    magnitude = np.where(sign, ~byte & 0x7F, byte)
    return sign, magnitude, np.array([int(value).bit_length() for value in magnitude])


_SIGN, _MAGNITUDE, BIT_LENGTH = _magnitudes()


def coded_bits(histogram: npt.NDArray[np.int64], symbol_map: SymbolMap) -> int:
    """Bits of bytes with this histogram of bit lengths, int64 [8], without the flush pairs."""
    return sum(
        int(histogram[length]) * (SYMBOL_COST[symbol] + max(length - 1, 0)) for symbol, length in enumerate(symbol_map)
    )


def smallest_symbol_map(histogram: npt.NDArray[np.int64]) -> SymbolMap:
    """The map with the fewest bits for bytes with this histogram of bit lengths: frequent lengths first."""
    return tuple(int(length) for length in np.argsort(-histogram, kind="stable"))


@dataclass(frozen=True, slots=True)
class _ByteTable:
    """Per byte value: its parts and how many bits they have."""

    first: npt.NDArray[np.uint32]
    second: npt.NDArray[np.uint32]
    second_bits: npt.NDArray[np.uint32]
    payload: npt.NDArray[np.uint32]
    payload_bits: npt.NDArray[np.uint32]


def _byte_table(symbol_map: SymbolMap) -> _ByteTable:
    symbol = np.argsort(symbol_map)[BIT_LENGTH]
    first = np.array(FIRST_PART)[symbol] + np.where(symbol < 2, _SIGN * SIGN_IN_FIRST, 0)
    has_second = symbol >= 5
    second = np.array([part or 0 for part in SECOND_PART])[symbol]
    second = second + np.where(symbol == 5, _SIGN * SIGN_IN_SECOND, 0)
    sign_bits = np.where((symbol < 2) | (symbol == 5), 0, 1)
    low_bits = np.maximum(BIT_LENGTH - 1, 0)
    low = _MAGNITUDE & ((1 << low_bits) - 1)
    payload = np.where(sign_bits, _SIGN | low << 1, low)
    columns = (first, second, has_second * SECOND_BITS, payload, sign_bits + low_bits)
    return _ByteTable(*(column.astype(np.uint32) for column in columns))


_SECOND_SHIFT = 6
_SECOND_BITS_SHIFT = 10
_PAYLOAD_SHIFT = 13
_PAYLOAD_BITS_SHIFT = 27


def _pair_table(symbol_map: SymbolMap) -> npt.NDArray[np.uint32]:
    """Per pair of bytes (the first one low): its parts, and the bits of second parts and of payloads."""
    table = _byte_table(symbol_map)
    low = (
        table.first
        | table.second << np.uint32(_SECOND_SHIFT)
        | table.second_bits << np.uint32(_SECOND_BITS_SHIFT)
        | table.payload << np.uint32(_PAYLOAD_SHIFT)
        | table.payload_bits << np.uint32(_PAYLOAD_BITS_SHIFT)
    )
    # What the high byte adds depends on the low one only through the shifts by its part sizes.
    second_shift = table.second_bits[None, :] + np.uint32(_SECOND_SHIFT)
    payload_shift = table.payload_bits[None, :] + np.uint32(_PAYLOAD_SHIFT)
    fixed = (table.first << np.uint32(FIRST_BITS) | table.second_bits << np.uint32(_SECOND_BITS_SHIFT)) + (
        table.payload_bits << np.uint32(_PAYLOAD_BITS_SHIFT)
    )
    pairs: npt.NDArray[np.uint32] = low[None, :] + fixed[:, None]
    pairs += table.second[:, None] << second_shift
    pairs += table.payload[:, None] << payload_shift
    return pairs.reshape(-1)


class HuffmanEncoder:
    """Codes byte sequences with one symbol map."""

    def __init__(self, symbol_map: SymbolMap) -> None:
        self._pairs = _pair_table(symbol_map)

    def encode(self, data: ByteArray) -> tuple[ByteArray, int]:
        """The coded bytes in whole words, and their exact number of bits."""
        odd = len(data) & 1
        padded = np.append(data, np.uint8(0)) if odd else data
        pairs = self._pairs[np.ascontiguousarray(padded).view("<u2")]
        count = len(pairs)
        flush = odd << 2 | odd << 5
        chunks = np.full(count + FLUSH_PAIRS, flush, np.uint32)
        chunks[:count] = pairs & np.uint32(0x3F)
        widths = np.full(count + FLUSH_PAIRS, 2 * FIRST_BITS, np.uint32)
        second_bits = pairs >> np.uint32(_SECOND_BITS_SHIFT) & np.uint32(7)
        chunks[1 : count + 1] |= (pairs >> np.uint32(_SECOND_SHIFT) & np.uint32(0xF)) << np.uint32(2 * FIRST_BITS)
        widths[1 : count + 1] += second_bits
        chunks[2:] |= (pairs >> np.uint32(_PAYLOAD_SHIFT) & np.uint32(0x3FFF)) << widths[2:]
        widths[2:] += pairs >> np.uint32(_PAYLOAD_BITS_SHIFT)
        ends = np.cumsum(widths, dtype=np.int64)
        bit_count = int(ends[-1])
        words = bit_words(bit_count)
        add_bits(words, ends - widths, chunks.astype(np.uint64))
        return to_bytes(words, -(-bit_count // 32) * 4), bit_count


def decode_bytes(stream: ByteArray, bit_count: int, count: int, symbol_map: SymbolMap, core: int) -> ByteArray:
    """The first `count` bytes of a coded sequence of `bit_count` bits.

    Raises CoefficientStreamError if the sequence is shorter or longer than that.
    """
    reader = BitReader(stream)
    pairs = (count + 1) // 2
    starts, end = _pair_starts(stream, pairs, symbol_map, bit_count, core)
    if end != bit_count:
        raise CoefficientStreamError(
            f"the coded bytes end at bit {end}, but the stream has {bit_count} bits", core, end
        )
    firsts = reader.read(starts[:pairs], 2 * FIRST_BITS)
    seconds = reader.read(starts[1 : pairs + 1] + 2 * FIRST_BITS, 2 * SECOND_BITS)
    second_bits = _SECOND_BITS_OF_FIRSTS[firsts]
    next_second_bits = np.append(second_bits[1:], 0)
    payloads = reader.read(starts[2:] + 2 * FIRST_BITS + next_second_bits, 14)
    result = np.empty((pairs, 2), np.uint8)
    shift = np.zeros(pairs, np.uint32)
    for position in range(2):
        first = firsts >> np.uint32(FIRST_BITS * position) & np.uint32(7)
        has_second = first == FIRST_PART[5]
        second = seconds & np.uint32(3)
        symbol = np.where(has_second, np.array(SECOND_PART_SYMBOL)[second], np.array(FIRST_PART_SYMBOL)[first])
        length = np.array(symbol_map, np.uint32)[symbol]
        sign_bits = ((symbol >= 2) & (symbol != 5)).astype(np.uint32)
        payload = payloads >> shift
        sign = np.where(
            sign_bits > 0, payload & 1, np.where(symbol == 5, second >> np.uint32(1), first >> np.uint32(2))
        )
        low_bits = np.maximum(length, 1) - np.uint32(1)
        leading = np.uint32(1) << low_bits
        magnitude = np.where(length > 0, (payload >> sign_bits & (leading - np.uint32(1))) | leading, 0)
        result[:, position] = np.where(sign > 0, ~magnitude & 0xFF, magnitude)
        shift += sign_bits + low_bits
        seconds = seconds >> np.where(has_second, SECOND_BITS, 0).astype(np.uint32)
    return result.reshape(-1)[:count]


_SECOND_BITS_OF_FIRSTS = np.array(
    [SECOND_BITS * ((firsts & 7 == FIRST_PART[5]) + (firsts >> 3 == FIRST_PART[5])) for firsts in range(64)],
    np.int64,
)


def _part_sizes(symbol_map: SymbolMap) -> list[tuple[int, int]]:
    """(bits of second parts, bits of payloads) of a pair, by first parts + 64 * the four bits after them."""
    payload_bits = [max(length - 1, 0) + (0 if symbol in (0, 1, 5) else 1) for symbol, length in enumerate(symbol_map)]
    sizes = []
    for index in range(1 << (2 * FIRST_BITS + 2 * SECOND_BITS)):
        seconds, second_bits, payload = index >> (2 * FIRST_BITS), 0, 0
        for position in range(2):
            symbol = FIRST_PART_SYMBOL[index >> (FIRST_BITS * position) & 7]
            if symbol == 5:
                symbol = SECOND_PART_SYMBOL[seconds >> second_bits & 3]
                second_bits += SECOND_BITS
            payload += payload_bits[symbol]
        sizes.append((second_bits, payload))
    return sizes


def _pair_starts(
    stream: ByteArray, pairs: int, symbol_map: SymbolMap, bit_count: int, core: int
) -> tuple[npt.NDArray[np.int64], int]:
    """The bit where each pair's step begins, those of the flush pairs included, and the bit after the last.

    Where a step begins hangs on the sizes of all earlier parts: this is the sequential part of decoding.
    """
    padded = np.zeros(len(stream) + 8, np.uint8)
    padded[: len(stream)] = stream
    windows = sum(padded[shift : len(stream) + shift + 5].astype(np.uint32) << (8 * shift) for shift in range(4))
    window = np.asarray(windows).tolist()
    sizes = _part_sizes(symbol_map)
    starts = []
    position, firsts, payload = 0, -1, 0
    for _ in range(pairs + FLUSH_PAIRS):
        if position >= bit_count:
            raise CoefficientStreamError("the stream runs out", core, position)
        starts.append(position)
        bits = window[position >> 3] >> (position & 7)
        second_bits, next_payload = sizes[firsts | bits & 0x3C0] if firsts >= 0 else (0, 0)
        position += 2 * FIRST_BITS + second_bits + payload
        firsts, payload = bits & 0x3F, next_payload
    return np.array(starts, np.int64), position
