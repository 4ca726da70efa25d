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

SYMBOLS_WITH_SIGN = (0, 1, 5)
"""Symbols whose first or second part holds the sign."""

PAYLOAD_BITS = 7
PAYLOAD_MASK = np.uint32((1 << PAYLOAD_BITS) - 1)

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
    sign_bits = np.where(np.isin(symbol, SYMBOLS_WITH_SIGN), 0, 1)
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
    tables = _pair_decoding(symbol_map)
    index = firsts | seconds << np.uint32(2 * FIRST_BITS)
    # A pair's payloads begin after the second parts of the pair that follows it.
    next_second_bits = np.append(tables.second_bits[index[1:]], 0)
    payloads = reader.read(starts[2:] + 2 * FIRST_BITS + next_second_bits, 2 * PAYLOAD_BITS)
    result = np.empty((pairs, 2), np.uint8)
    result[:, 0] = tables.value[tables.symbol[0][index] | payloads & PAYLOAD_MASK]
    payloads >>= tables.low_payload_bits[index]
    result[:, 1] = tables.value[tables.symbol[1][index] | payloads & PAYLOAD_MASK]
    return result.reshape(-1)[:count]


@dataclass(frozen=True, slots=True)
class _PairDecoding:
    """What the first and second parts of a pair tell, by first parts + 64 * the second parts' four bits.

    symbol: per byte, symbol * 256 + sign where a part holds it * 128. second_bits: bits of second parts.
    low_payload_bits, payload_bits: bits of the payload of the pair's first byte, and of both.
    value: the byte, by an element of `symbol` + seven bits of which the first ones are its payload.
    """

    symbol: tuple[npt.NDArray[np.uint32], npt.NDArray[np.uint32]]
    second_bits: npt.NDArray[np.int64]
    low_payload_bits: npt.NDArray[np.uint32]
    payload_bits: npt.NDArray[np.uint32]
    value: ByteArray


def _pair_decoding(symbol_map: SymbolMap) -> _PairDecoding:
    index = np.arange(1 << (2 * FIRST_BITS + 2 * SECOND_BITS))
    sizes = np.array(symbol_map)
    symbol_payload_bits = np.maximum(sizes - 1, 0) + ~np.isin(np.arange(SYMBOLS), SYMBOLS_WITH_SIGN)
    seconds = index >> (2 * FIRST_BITS)
    second_bits = np.zeros_like(index)
    symbols, payload_bits = [], []
    for position in range(2):
        first = index >> (FIRST_BITS * position) & 7
        second = seconds >> second_bits & 3
        has_second = first == FIRST_PART[5]
        symbol = np.where(has_second, np.array(SECOND_PART_SYMBOL)[second], np.array(FIRST_PART_SYMBOL)[first])
        sign = np.where(symbol == 5, second // SIGN_IN_SECOND, np.where(symbol < 2, first // SIGN_IN_FIRST, 0))
        symbols.append((symbol << 8 | sign << PAYLOAD_BITS).astype(np.uint32))
        payload_bits.append(symbol_payload_bits[symbol].astype(np.uint32))
        second_bits = second_bits + SECOND_BITS * has_second
    entry = np.arange(SYMBOLS << 8)
    symbol, payload = entry >> 8, entry & int(PAYLOAD_MASK)
    in_part = np.isin(symbol, SYMBOLS_WITH_SIGN)
    sign = np.where(in_part, entry >> PAYLOAD_BITS & 1, payload & 1)
    leading = np.where(sizes > 0, 1 << np.maximum(sizes - 1, 0), 0)[symbol]
    magnitude = leading | np.where(in_part, payload, payload >> 1) & np.maximum(leading - 1, 0)
    value = np.where(sign, ~magnitude & 0xFF, magnitude).astype(np.uint8)
    return _PairDecoding(
        (symbols[0], symbols[1]), second_bits, payload_bits[0], payload_bits[0] + payload_bits[1], value
    )


def _pair_starts(
    stream: ByteArray, pairs: int, symbol_map: SymbolMap, bit_count: int, core: int
) -> tuple[npt.NDArray[np.int64], int]:
    """The bit where each pair's step begins, those of the flush pairs included, and the bit after the last.

    Where a step begins hangs on the sizes of all earlier parts: this is the sequential part of decoding.
    """
    padded = np.zeros(len(stream) + 8, np.uint8)
    padded[: len(stream)] = stream
    window = np.zeros(len(stream) + 4, np.uint32)
    for shift in range(3):
        window |= padded[shift : len(stream) + shift + 4].astype(np.uint32) << np.uint32(8 * shift)
    windows = window.tolist()
    tables = _pair_decoding(symbol_map)
    steps = (tables.second_bits + 2 * FIRST_BITS).tolist()
    payload_sizes = tables.payload_bits.tolist()
    starts = [0]
    firsts, payload = windows[0] & 0x3F, 0
    position = 2 * FIRST_BITS
    try:
        for _ in range(pairs + FLUSH_PAIRS - 1):
            starts.append(position)
            bits = windows[position >> 3] >> (position & 7)
            parts = firsts | bits & 0x3C0
            position += steps[parts] + payload
            payload = payload_sizes[parts]
            firsts = bits & 0x3F
    except IndexError:
        raise CoefficientStreamError("the stream runs out", core, position) from None
    if position > bit_count:
        raise CoefficientStreamError("the stream runs out", core, bit_count)
    return np.array(starts, np.int64), position
