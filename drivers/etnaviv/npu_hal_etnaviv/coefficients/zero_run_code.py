"""The zero-run code of V7: tokens of a run of zero-point weights and one weight (hardware note, section 6).

A token is `z` bits of run length, then 8 bits of value: so many zero points, then the value. With z = 0 a
token is the bare value. Fields of 32 raw bits stand between tokens; a run never passes a cut, of which every
field is one.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from npu_hal_etnaviv.coefficients.bit_packing import BitReader, ByteArray, add_bits, bit_words, to_bytes
from npu_hal_etnaviv.coefficients.stream_error import CoefficientStreamError

VALUE_BITS = 8
FIELD_BITS = 32
_SHORT_SEGMENT = 64
_CHUNK_TOKENS = 1 << 14


@dataclass(frozen=True, slots=True)
class Cuts:
    """Places where runs end.

    positions: int64, ascending: the number of weights before each cut.
    fields: uint32, the raw field that stands at each cut.
    has_field: bool, whether there is one; a cut without ends the run and no more.
    """

    positions: npt.NDArray[np.int64]
    fields: npt.NDArray[np.uint32]
    has_field: npt.NDArray[np.bool_]


class ZeroRuns:
    """A sequence of weights as its runs of zero points, ready to be sized and coded with any `z`."""

    def __init__(self, positions: npt.NDArray[np.int64], values: ByteArray, cuts: Cuts) -> None:
        """The weights that are not the zero point, by ascending position; the last cut ends the sequence."""
        places = np.searchsorted(positions, cuts.positions) + np.arange(len(cuts.positions))
        is_weight = np.ones(len(positions) + len(places), np.bool_)
        is_weight[places] = False
        ends = np.empty(len(is_weight), np.int64)
        ends[is_weight] = positions + 1
        ends[places] = cuts.positions
        runs = np.diff(ends, prepend=0)
        runs[is_weight] -= 1
        self._runs = runs.astype(np.int32)
        self._is_weight = is_weight
        self._cut_places = places
        self._values = values
        self._cuts = cuts

    def bit_count(self, z: int) -> int:
        """Bits of the coded sequence, fields included."""
        before_cuts = self._runs[self._cut_places]
        tokens = (
            int((self._runs >> z).sum(dtype=np.int64))
            + int(np.count_nonzero(before_cuts & ((1 << z) - 1)))
            + len(self._values)
        )
        return tokens * (z + VALUE_BITS) + int(np.count_nonzero(self._cuts.has_field)) * FIELD_BITS

    def encode(self, z: int, zero_point: int, prefix: int, prefix_bits: int) -> ByteArray:
        """The coded sequence after `prefix_bits` (at most 32) bits of prefix, in whole words."""
        longest = (1 << z) - 1
        own_run = self._runs & longest
        own_value = np.full(len(own_run), zero_point, np.uint32)
        own_value[self._is_weight] = self._values
        has_own = self._is_weight | (own_run > 0)
        own_run -= ~self._is_weight
        token_ends = np.cumsum((self._runs >> z) + has_own, dtype=np.int64)
        token_count = int(token_ends[-1])
        tokens = np.full(token_count, longest | zero_point << z, np.uint64)
        tokens[token_ends[has_own] - 1] = own_run[has_own].astype(np.uint32) | own_value[has_own] << np.uint32(z)
        width = z + VALUE_BITS
        tokens_before = token_ends[self._cut_places[self._cuts.has_field]]
        fields = self._cuts.fields[self._cuts.has_field].astype(np.uint64)
        offsets = np.arange(token_count, dtype=np.int64) * width
        offsets += np.repeat(
            np.arange(len(fields) + 1) * FIELD_BITS + prefix_bits,
            np.diff(tokens_before, prepend=0, append=token_count),
        )
        bit_count = prefix_bits + token_count * width + len(fields) * FIELD_BITS
        words = bit_words(bit_count)
        words[0] = prefix
        add_bits(words, offsets, tokens)
        field_offsets = tokens_before * width + np.arange(len(fields)) * FIELD_BITS + prefix_bits
        add_bits(words, field_offsets, fields)
        return to_bytes(words, -(-bit_count // 32) * 4)


def encode_plain(weights: ByteArray, cuts: Cuts, prefix: bytes) -> ByteArray:
    """The code with z = 0, in which weights and fields are whole bytes; a multiple of 4 bytes."""
    positions = cuts.positions[cuts.has_field]
    fields = cuts.fields[cuts.has_field].astype("<u4").view(np.uint8).reshape(-1, 4)
    size = len(prefix) + len(weights) + fields.size
    result = np.zeros(-(-size // 4) * 4, np.uint8)
    result[: len(prefix)] = np.frombuffer(prefix, np.uint8)
    body = result[len(prefix) : size]
    places = (positions + 4 * np.arange(len(positions)))[:, None] + np.arange(4)
    is_weight = np.ones(len(body), np.bool_)
    is_weight[places] = False
    body[is_weight] = weights
    body[places] = fields
    return result


def decode(
    stream: ByteArray,
    first_bit: int,
    z: int,
    zero_point: int,
    field_positions: npt.NDArray[np.int64],
    weight_count: int,
    core: int,
) -> tuple[ByteArray, npt.NDArray[np.uint32]]:
    """The weights (uint8 [weight_count]) and the fields (uint32, as many as `field_positions`) of a sequence.

    field_positions: ascending, the number of weights before each field.
    Raises CoefficientStreamError if the stream ends early or a run passes a field or the end.
    """
    if z == 0:
        return _decode_plain(stream, first_bit // 8, field_positions, weight_count, core)
    reader = BitReader(stream)
    weights = np.full(weight_count, zero_point, np.uint8)
    fields = np.zeros(len(field_positions), np.uint32)
    bit, done = first_bit, 0
    for index, end in enumerate([*field_positions.tolist(), weight_count]):
        bit = _decode_segment(reader, bit, z, weights[done:end], core)
        done = end
        if index < len(fields):
            fields[index] = reader.read_one(bit, FIELD_BITS)
            bit += FIELD_BITS
        if bit > reader.bit_count:
            raise CoefficientStreamError("the stream runs out", core, bit)
    return weights, fields


def _decode_plain(
    stream: ByteArray, first_byte: int, positions: npt.NDArray[np.int64], weight_count: int, core: int
) -> tuple[ByteArray, npt.NDArray[np.uint32]]:
    size = weight_count + 4 * len(positions)
    body = stream[first_byte : first_byte + size]
    if len(body) < size:
        raise CoefficientStreamError("the stream runs out", core, len(stream) * 8)
    places = (positions + 4 * np.arange(len(positions)))[:, None] + np.arange(4)
    is_weight = np.ones(size, np.bool_)
    is_weight[places] = False
    return body[is_weight], body[places].copy().view("<u4").reshape(-1)


def _decode_segment(reader: BitReader, bit: int, z: int, weights: ByteArray, core: int) -> int:
    """Decode the tokens of one stretch without fields into `weights`; returns the bit after them."""
    width, longest, done, length = z + VALUE_BITS, (1 << z) - 1, 0, len(weights)
    while done < length:
        if length - done <= _SHORT_SEGMENT:
            token = reader.read_one(bit, width)
            done += (token & longest) + 1
            bit += width
            if done <= length:
                weights[done - 1] = token >> z
        else:
            available = max((reader.bit_count - bit) // width, 1)
            count = min(length - done, available, _CHUNK_TOKENS)
            tokens = reader.read(bit + np.arange(count, dtype=np.int64) * width, width)
            ends = done + np.cumsum((tokens & longest) + 1, dtype=np.int64)
            used = min(int(np.searchsorted(ends, length)) + 1, count)
            done = int(ends[used - 1])
            bit += used * width
            inside = used if done <= length else used - 1
            weights[ends[:inside] - 1] = (tokens[:inside] >> z).astype(np.uint8)
        if bit > reader.bit_count:
            raise CoefficientStreamError("the stream runs out", core, bit)
    if done > length:
        raise CoefficientStreamError("a run of zero points passes the weights' end", core, bit)
    return bit
