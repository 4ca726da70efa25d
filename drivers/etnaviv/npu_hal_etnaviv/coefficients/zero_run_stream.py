"""V7 coefficient buffers: header and core streams in the zero-run code (hardware note, section 6)."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from npu_hal_etnaviv.coefficients.bit_packing import ByteArray
from npu_hal_etnaviv.coefficients.compatibility import Compatibility
from npu_hal_etnaviv.coefficients.encoded_coefficients import EncodedCoefficients
from npu_hal_etnaviv.coefficients.stream_error import CoefficientStreamError
from npu_hal_etnaviv.coefficients.zero_run_code import VALUE_BITS, Cuts, ZeroRuns, decode, encode_plain
from npu_hal_etnaviv.coefficients.zero_run_layout import WeightOrder, ZeroRunLayout
from npu_hal_etnaviv.hardware.coefficient_header import (
    COEFFICIENT_ALIGNMENT,
    V7_KERNEL_COUNT_WIDTH,
    V7_ZERO_RUN_BITS_WIDTH,
    v7_header,
)
from npu_hal_etnaviv.weights.dense_depthwise import dense_depthwise

PREFIX_BITS = V7_ZERO_RUN_BITS_WIDTH + V7_KERNEL_COUNT_WIDTH
PREFIX_BYTES = PREFIX_BITS // 8

MAXIMUM_ZERO_RUN_BITS = 8
"""Of all variants."""

MAXIMUM_WEIGHTS_PER_BYTE = 8 * (1 << MAXIMUM_ZERO_RUN_BITS) // (MAXIMUM_ZERO_RUN_BITS + VALUE_BITS)
"""Reached by a stream of longest runs."""


@dataclass(frozen=True, slots=True)
class ZeroRunCoefficients:
    """What a V7 coefficient buffer holds.

    weights: uint8 [OC][IC][KH][KW]. biases: int32 [OC], the bias' of hardware note section 4.
    output_offsets: uint32 [OC], bytes from the output's start to the channel. zero_run_bits: per core used.
    """

    weights: ByteArray
    biases: npt.NDArray[np.int32]
    output_offsets: npt.NDArray[np.uint32]
    zero_run_bits: tuple[int, ...]


class _CoreSequence:
    """One core's weights and fields; its runs of zero points are made when first asked for."""

    def __init__(
        self,
        weight_count: int,
        zero_points: int,
        cuts: Cuts,
        weights: Callable[[], ByteArray],
        significant: Callable[[], tuple[npt.NDArray[np.int64], ByteArray]],
    ) -> None:
        self.weight_count = weight_count
        self.zero_points = zero_points
        self.cuts = cuts
        self.weights = weights
        self._significant = significant

    @cached_property
    def runs(self) -> ZeroRuns:
        """The sequence as the code sees it."""
        return ZeroRuns(*self._significant(), self.cuts)

    def bit_count(self, z: int) -> int:
        """Bits of the stream after its prefix."""
        if z:
            return self.runs.bit_count(z)
        return 8 * self.weight_count + 32 * int(np.count_nonzero(self.cuts.has_field))


def encode_zero_run_stream(
    layout: ZeroRunLayout,
    weights: ByteArray,
    biases: npt.NDArray[np.int32],
    zero_point: int,
    output_plane: int,
    maximum_zero_run_bits: int,
    compatibility: Compatibility = Compatibility.SMALLEST,
    *,
    depthwise: bool = False,
    addition: bool = False,
    past_bias: int = 0,
) -> EncodedCoefficients:
    """The coefficient buffer of a V7 job.

    weights: uint8 [OC][IC][KH][KW]; with `depthwise` only the taps of the kernels' own channels,
    [OC][1][KH][KW], of a dense convolution with as many input as output channels in which all other taps are
    the zero point.
    biases: bias', int32 [OC]. output_plane: bytes of one output channel as stored.
    addition: the weights are those of `weights.add_as_convolution`, which Mesa never codes with runs.
    past_bias: the bias of kernels past the last channel, which with Compatibility.MESA have weights of 0;
    else they are made of zero points.
    """
    past = layout.cores_used * layout.kernels_per_core - layout.output_channels
    past_is_dense = past > 0 and compatibility is Compatibility.MESA
    if depthwise and (past_is_dense or layout.order is not WeightOrder.INTERLEAVED):
        weights, depthwise = dense_depthwise(weights[:, 0], zero_point), False
    cores = _core_sequences(layout, weights, biases, zero_point, output_plane, compatibility, depthwise, past_bias)
    if compatibility is Compatibility.MESA:
        plain = addition or layout.order is WeightOrder.POINTWISE
        chosen = [0 if plain else _mesa_zero_run_bits(cores, maximum_zero_run_bits)] * len(cores)
    else:
        chosen = [_smallest_zero_run_bits(core, maximum_zero_run_bits) for core in cores]
    streams = []
    for core, z in zip(cores, chosen, strict=True):
        prefix = z | layout.kernels_per_core << V7_ZERO_RUN_BITS_WIDTH
        if z:
            streams.append(core.runs.encode(z, zero_point, prefix, PREFIX_BITS))
        else:
            streams.append(encode_plain(core.weights(), core.cuts, prefix.to_bytes(PREFIX_BYTES, "little")))
    sizes = [_aligned(len(stream)) for stream in streams]
    header_layout = v7_header(layout.cores)
    header = header_layout.pack({f"stream_bytes_{core}": size for core, size in enumerate(sizes)})
    data = np.zeros(header_layout.byte_count + sum(sizes), np.uint8)
    data[: header_layout.byte_count] = header.astype("<u4").view(np.uint8)
    position = header_layout.byte_count
    for stream, size in zip(streams, sizes, strict=True):
        data[position : position + len(stream)] = stream
        position += size
    return EncodedCoefficients(data, tuple(sizes))


def decode_zero_run_stream(data: ByteArray, layout: ZeroRunLayout, zero_point: int) -> ZeroRunCoefficients:
    """The contents of a V7 coefficient buffer (uint8), which may be longer than its streams.

    Raises CoefficientStreamError if the header or a stream cannot be decoded.
    """
    header_layout = v7_header(layout.cores)
    if len(data) < header_layout.byte_count:
        raise CoefficientStreamError(f"the buffer of {len(data)} bytes is shorter than the header")
    sizes = header_layout.unpack(data[: header_layout.byte_count].view("<u4"))
    kernels = layout.kernels_per_core
    if layout.cores_used * kernels * layout.kernel_weights > len(data) * MAXIMUM_WEIGHTS_PER_BYTE:
        raise CoefficientStreamError(
            f"{len(data)} bytes cannot hold {layout.output_channels} kernels of {layout.kernel_weights} weights"
        )
    fields_before = np.concatenate([layout.bias_positions(), layout.output_offset_positions()])
    order = np.argsort(fields_before, kind="stable")
    sequences = np.empty((layout.cores_used, kernels * layout.kernel_weights), np.uint8)
    raw_fields = np.empty((layout.cores_used, 2 * kernels), np.uint32)
    zero_run_bits = []
    position = header_layout.byte_count
    for core in range(layout.cores_used):
        size = sizes[f"stream_bytes_{core}"]
        stream = data[position : position + size]
        if len(stream) < max(size, PREFIX_BYTES + 1):
            raise CoefficientStreamError(f"{size} bytes of stream at {position} are not in the buffer", core)
        z = int(stream[0])
        stored_kernels = int(stream[1]) | int(stream[2]) << 8
        if z > MAXIMUM_ZERO_RUN_BITS:
            raise CoefficientStreamError(f"{z} zero-run bits are not possible", core, 0)
        if stored_kernels != kernels:
            raise CoefficientStreamError(
                f"the stream has {stored_kernels} kernels instead of {kernels}", core, V7_ZERO_RUN_BITS_WIDTH
            )
        sequences[core], fields = decode(
            stream, PREFIX_BITS, z, zero_point, fields_before[order], sequences.shape[1], core
        )
        raw_fields[core, order] = fields
        zero_run_bits.append(z)
        position += size
    channels = layout.channels()
    by_channel = np.empty((2, layout.cores_used * kernels), np.uint32)
    by_channel[0, channels] = raw_fields[:, :kernels]
    by_channel[1, channels] = raw_fields[:, kernels:]
    used = layout.output_channels
    weights = layout.kernels(sequences)[:used]
    return ZeroRunCoefficients(
        np.ascontiguousarray(weights).reshape(used, layout.input_channels, layout.kernel_height, layout.kernel_width),
        by_channel[0, :used].view(np.int32),
        by_channel[1, :used],
        tuple(zero_run_bits),
    )


def _aligned(size: int) -> int:
    return -(-size // COEFFICIENT_ALIGNMENT) * COEFFICIENT_ALIGNMENT


def _core_sequences(
    layout: ZeroRunLayout,
    weights: ByteArray,
    biases: npt.NDArray[np.int32],
    zero_point: int,
    output_plane: int,
    compatibility: Compatibility,
    depthwise: bool,
    past_bias: int,
) -> list[_CoreSequence]:
    stored = layout.cores_used * layout.kernels_per_core
    past = stored - layout.output_channels
    taps = layout.kernel_height * layout.kernel_width
    kernels = weights.reshape(layout.output_channels, -1, taps)
    mesa = compatibility is Compatibility.MESA
    if past:
        fill = np.full((past, *kernels.shape[1:]), 0 if mesa else zero_point, np.uint8)
        kernels = np.concatenate([kernels, fill])
    by_channel = np.full((2, stored), past_bias if mesa else 0, np.int64)
    by_channel[0, : layout.output_channels] = biases
    by_channel[1] = output_plane * np.arange(stored)
    fields = (by_channel & 0xFFFFFFFF).astype(np.uint32)
    channels = layout.channels()
    positions = np.concatenate([layout.bias_positions(), layout.output_offset_positions(), layout.slice_ends()])
    order = np.argsort(positions, kind="stable")
    has_field = np.zeros(len(positions), np.bool_)
    has_field[: 2 * layout.kernels_per_core] = True
    slice_ends = len(positions) - 2 * layout.kernels_per_core
    cuts = [
        Cuts(
            positions[order],
            np.concatenate([fields[0, row], fields[1, row], np.zeros(slice_ends, np.uint32)])[order],
            has_field[order],
        )
        for row in channels
    ]
    if depthwise:
        return [
            _diagonal_sequence(layout, kernels[:, 0], channels[core], core, zero_point, cuts[core])
            for core in range(layout.cores_used)
        ]
    sequences = layout.sequences(kernels)
    return [_plain_sequence(row, zero_point, cut) for row, cut in zip(sequences, cuts, strict=True)]


def _plain_sequence(weights: ByteArray, zero_point: int, cuts: Cuts) -> _CoreSequence:
    is_significant = weights != zero_point
    zero_points = len(weights) - int(np.count_nonzero(is_significant))

    def significant() -> tuple[npt.NDArray[np.int64], ByteArray]:
        positions = np.flatnonzero(is_significant)
        return positions, weights[positions]

    return _CoreSequence(len(weights), zero_points, cuts, lambda: weights, significant)


def _diagonal_sequence(
    layout: ZeroRunLayout,
    kernels: ByteArray,
    channels: npt.NDArray[np.intp],
    core: int,
    zero_point: int,
    cuts: Cuts,
) -> _CoreSequence:
    order = layout.kernel_order()
    taps = kernels[channels] if order is None else kernels[channels][:, order]
    places = layout.diagonal_positions(core)[:, None] + np.arange(layout.slice_weights)
    is_significant = taps != zero_point
    positions, values = places[is_significant], taps[is_significant]
    count = layout.kernels_per_core * layout.kernel_weights

    def weights() -> ByteArray:
        sequence = np.full(count, zero_point, np.uint8)
        sequence[positions] = values
        return sequence

    return _CoreSequence(count, count - len(values), cuts, weights, lambda: (positions, values))


def _mesa_zero_run_bits(cores: list[_CoreSequence], maximum: int) -> int:
    """One z for all cores: going down from the largest as long as the buffer does not grow."""
    best, best_words = maximum, None
    for z in range(maximum, -1, -1):
        words = sum(-(-(PREFIX_BITS + core.bit_count(z)) // 32) for core in cores)
        if best_words is not None and words > best_words:
            break
        best, best_words = z, words
    return best


def _smallest_zero_run_bits(core: _CoreSequence, maximum: int) -> int:
    """The z of the shortest stream; of equals the smallest."""
    fields = 32 * int(np.count_nonzero(core.cuts.has_field))
    tokens_at_least = core.weight_count - core.zero_points
    if tokens_at_least * 9 + fields >= core.bit_count(0):
        return 0
    return min(range(maximum + 1), key=core.bit_count)
