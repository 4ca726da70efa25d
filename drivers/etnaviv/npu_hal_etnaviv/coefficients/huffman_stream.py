"""V8 coefficient buffers: header, core streams in the Huffman code, bias table (hardware note, section 7)."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from npu_hal_etnaviv.coefficients.bit_packing import ByteArray
from npu_hal_etnaviv.coefficients.compatibility import Compatibility
from npu_hal_etnaviv.coefficients.encoded_coefficients import EncodedCoefficients
from npu_hal_etnaviv.coefficients.huffman_code import (
    BIT_LENGTH,
    SYMBOL_COST,
    SYMBOLS,
    HuffmanEncoder,
    SymbolMap,
    coded_bits,
    decode_bytes,
    smallest_symbol_map,
)
from npu_hal_etnaviv.coefficients.stream_error import CoefficientStreamError
from npu_hal_etnaviv.coefficients.stream_layout import StreamLayout
from npu_hal_etnaviv.hardware.coefficient_header import COEFFICIENT_ALIGNMENT, V8_HEADER, V8_HEADER_BYTES

BLOCK_WEIGHTS = 9
PREFIX_BYTES = 2
MINIMUM_SYMBOL_BITS = min(SYMBOL_COST)

MESA_EXCHANGES = (
    *((0, 2), (1, 3), (4, 6), (5, 7), (0, 4), (1, 5), (2, 6), (3, 7), (0, 1), (2, 3)),
    *((4, 5), (6, 7), (2, 4), (3, 5), (1, 4), (3, 6), (1, 2), (3, 4), (5, 6)),
)
"""The compare-exchange network by which Mesa sorts the symbol map; it decides the order of equal counts."""


@dataclass(frozen=True, slots=True)
class HuffmanLayout(StreamLayout):
    """The streams of a convolution in the Huffman code.

    depthwise: one kernel of KH * KW weights a channel; input_channels is 1 then.
    """

    depthwise: bool

    @property
    def block_weights(self) -> int:
        """Bytes of one kernel that follow each other."""
        return self.kernel_bytes if self.depthwise else BLOCK_WEIGHTS

    @property
    def kernel_bytes(self) -> int:
        """Weights of one kernel and what fills its last block."""
        return -(-self.kernel_weights // BLOCK_WEIGHTS) * BLOCK_WEIGHTS

    def core_kernels(self, core: int) -> int:
        """Kernels in the stream of a core."""
        whole, rest = divmod(self.output_channels, self.cores_used)
        return whole + (core < rest)

    def superblock_channels(self, core: int) -> Iterator[npt.NDArray[np.intp]]:
        """The output channels of a core's kernels, superblock by superblock."""
        step, cores = self.superblock_kernels, self.cores_used
        for start in range(0, self.output_channels, step * cores):
            whole, rest = divmod(min(step * cores, self.output_channels - start), cores)
            count = whole + (core < rest)
            if not count:
                return
            if not self.depthwise:
                first = start + core * whole + min(core, rest)
                yield np.arange(first, first + count)
                continue
            channels = start + cores - 1 - core + np.arange(count) * cores
            past = self.output_channels % cores
            channels[channels >= self.output_channels - past] -= cores - past
            yield channels


@dataclass(frozen=True, slots=True)
class HuffmanCoefficients:
    """What a V8 coefficient buffer holds.

    weights: uint8 [OC][IC][KH][KW], depthwise [OC][KH][KW]. biases: int32 [OC], the bias' of hardware note
    section 4.
    """

    weights: ByteArray
    biases: npt.NDArray[np.int32]
    symbol_map: SymbolMap


def encode_huffman_stream(
    layout: HuffmanLayout,
    weights: ByteArray,
    biases: npt.NDArray[np.int32],
    zero_point: int,
    compatibility: Compatibility = Compatibility.SMALLEST,
    *,
    signed: bool = False,
) -> EncodedCoefficients:
    """The coefficient buffer of a V8 job, up to the end of the bias table.

    weights: uint8, OC kernels of IC * KH * KW (depthwise: KH * KW) weights, row by row.
    biases: bias', int32 [OC]. signed: the model's weights were int8, which only Compatibility.MESA asks for.
    """
    coded = _core_bytes(layout, weights, zero_point)
    symbol_map = _symbol_map(coded, weights, compatibility, signed)
    encoder = HuffmanEncoder(symbol_map)
    streams = [encoder.encode(data) for data in coded]
    sizes = [_aligned_bytes(bits) for _, bits in streams]
    header = V8_HEADER.pack(
        {f"symbol_map_{symbol}": length for symbol, length in enumerate(symbol_map)}
        | {f"stream_bits_{core}": bits for core, (_, bits) in enumerate(streams)}
    )
    data = np.zeros(V8_HEADER_BYTES + sum(sizes) + 4 * layout.output_channels, np.uint8)
    data[:V8_HEADER_BYTES] = header.astype("<u4").view(np.uint8)
    position = V8_HEADER_BYTES
    for (stream, _), size in zip(streams, sizes, strict=True):
        data[position : position + len(stream)] = stream
        position += size
    data[position:] = biases.astype("<i4").view(np.uint8)
    return EncodedCoefficients(data, tuple(sizes))


def decode_huffman_stream(data: ByteArray, layout: HuffmanLayout, zero_point: int) -> HuffmanCoefficients:
    """The contents of a V8 coefficient buffer (uint8), which may be longer than its bias table's end.

    Raises CoefficientStreamError if the header or a stream cannot be decoded, or the buffer ends early.
    """
    if len(data) < V8_HEADER_BYTES:
        raise CoefficientStreamError(f"the buffer of {len(data)} bytes is shorter than the header")
    header = V8_HEADER.unpack(data[:V8_HEADER_BYTES].view("<u4"))
    symbol_map = tuple(header[f"symbol_map_{symbol}"] for symbol in range(SYMBOLS))
    for name in ("precode", "bit16", "fp16", "run_length_size"):
        if header[name]:
            raise CoefficientStreamError(f"{name} is {header[name]}, a form of the code that is not known")
    if header["version"] != 1:
        raise CoefficientStreamError(f"version {header['version']} of the code is not known")
    if sorted(symbol_map) != list(range(SYMBOLS)):
        raise CoefficientStreamError(f"the symbol map {symbol_map} is no permutation of 0 to 7")
    if layout.output_channels * layout.kernel_weights * MINIMUM_SYMBOL_BITS > len(data) * 8:
        raise CoefficientStreamError(
            f"{len(data)} bytes cannot hold {layout.output_channels} kernels of {layout.kernel_weights} weights"
        )
    kernels = np.empty((layout.output_channels, layout.kernel_weights), np.uint8)
    position = V8_HEADER_BYTES
    for core in range(layout.cores_used):
        bits = header[f"stream_bits_{core}"]
        size = _aligned_bytes(bits)
        stream = data[position : position + size]
        if len(stream) < size:
            raise CoefficientStreamError(f"{size} bytes of stream at {position} are not in the buffer", core)
        count = PREFIX_BYTES + layout.core_kernels(core) * layout.kernel_bytes
        decoded = decode_bytes(stream, bits, count, symbol_map, core)
        stored = int(decoded[0]) | int(decoded[1]) << 8
        if stored != layout.core_kernels(core):
            raise CoefficientStreamError(
                f"the stream has {stored} kernels instead of {layout.core_kernels(core)}", core, 0
            )
        _place_kernels(kernels, decoded[PREFIX_BYTES:], layout, core)
        position += size
    table = data[position : position + 4 * layout.output_channels]
    if len(table) < 4 * layout.output_channels:
        raise CoefficientStreamError(f"the bias table at {position} is not in the buffer")
    kernels += np.uint8(zero_point)
    shape = (layout.input_channels, layout.kernel_height, layout.kernel_width)
    return HuffmanCoefficients(
        kernels.reshape(layout.output_channels, *(shape[1:] if layout.depthwise else shape)),
        table.copy().view("<i4").astype(np.int32),
        symbol_map,
    )


def _aligned_bytes(bits: int) -> int:
    return -(-bits // (8 * COEFFICIENT_ALIGNMENT)) * COEFFICIENT_ALIGNMENT


def _core_bytes(layout: HuffmanLayout, weights: ByteArray, zero_point: int) -> list[ByteArray]:
    """The bytes of each core's stream before coding."""
    differences = weights.reshape(layout.output_channels, layout.kernel_weights) - np.uint8(zero_point)
    if layout.kernel_bytes > layout.kernel_weights:
        filled = np.zeros((layout.output_channels, layout.kernel_bytes), np.uint8)
        filled[:, : layout.kernel_weights] = differences
        differences = filled
    result = []
    for core in range(layout.cores_used):
        count = layout.core_kernels(core)
        data = np.empty(PREFIX_BYTES + count * layout.kernel_bytes, np.uint8)
        data[:PREFIX_BYTES] = count & 0xFF, count >> 8
        position = PREFIX_BYTES
        for channels in layout.superblock_channels(core):
            size = len(channels) * layout.kernel_bytes
            blocks = data[position : position + size].reshape(-1, len(channels), layout.block_weights)
            kernels = differences[channels].reshape(len(channels), -1, layout.block_weights)
            blocks[...] = kernels.transpose(1, 0, 2)
            position += size
        result.append(data)
    return result


def _place_kernels(kernels: ByteArray, data: ByteArray, layout: HuffmanLayout, core: int) -> None:
    """The inverse of `_core_bytes` for one core: its kernels into those of all channels."""
    position = 0
    for channels in layout.superblock_channels(core):
        size = len(channels) * layout.kernel_bytes
        blocks = data[position : position + size].reshape(-1, len(channels), layout.block_weights)
        filled = blocks.transpose(1, 0, 2).reshape(len(channels), layout.kernel_bytes)
        kernels[channels] = filled[:, : layout.kernel_weights]
        position += size


def _length_histogram(data: ByteArray) -> npt.NDArray[np.int64]:
    """How many bytes have each bit length, int64 [8]."""
    counts = np.bincount(data.reshape(-1), minlength=256)
    return np.bincount(BIT_LENGTH, counts, minlength=SYMBOLS).astype(np.int64)


def _symbol_map(coded: list[ByteArray], weights: ByteArray, compatibility: Compatibility, signed: bool) -> SymbolMap:
    mesa = _mesa_symbol_map(weights ^ np.uint8(0x80) if signed else weights)
    if compatibility is Compatibility.MESA:
        return mesa
    histograms = [_length_histogram(data) for data in coded]
    candidates = (smallest_symbol_map(np.sum(histograms, axis=0)), mesa)

    def size(symbol_map: SymbolMap) -> tuple[int, int]:
        bits = [coded_bits(histogram, symbol_map) for histogram in histograms]
        return sum(map(_aligned_bytes, bits)), sum(bits)

    # The fewest bits can lose a unit of alignment to a map with more bits, and Mesa's is the one to beat.
    return min(candidates, key=size)


def _mesa_symbol_map(stored_weights: ByteArray) -> SymbolMap:
    """Mesa's map: by the bytes that the model stores, although the difference to the zero point is coded."""
    counts = np.bincount(stored_weights.reshape(-1), minlength=256)
    histogram = np.bincount(BIT_LENGTH, counts, minlength=SYMBOLS)
    histogram[0] -= counts[0xFF]
    histogram[1] += counts[0xFF]
    order = list(range(SYMBOLS))
    for low, high in MESA_EXCHANGES:
        if histogram[order[low]] < histogram[order[high]]:
            order[low], order[high] = order[high], order[low]
    return tuple(order)
