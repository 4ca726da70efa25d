"""Decoding the coefficients that a job's config describes (hardware note, sections 6 and 7)."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from npu_hal_etnaviv.coefficients.huffman_code import SYMBOLS
from npu_hal_etnaviv.coefficients.huffman_stream import HuffmanLayout, decode_huffman_stream
from npu_hal_etnaviv.coefficients.stream_error import CoefficientStreamError
from npu_hal_etnaviv.coefficients.zero_run_layout import ZeroRunLayout, weight_order
from npu_hal_etnaviv.coefficients.zero_run_stream import decode_zero_run_stream
from npu_hal_etnaviv.emulator.descriptor import Descriptor
from npu_hal_etnaviv.emulator.faults import NpuFault, Place
from npu_hal_etnaviv.emulator.nn_descriptor import NnDescriptor
from npu_hal_etnaviv.hardware.coefficient_header import COEFFICIENT_ALIGNMENT, V8_HEADER, v7_header
from npu_hal_etnaviv.hardware.npu_core import NpuCore

_STREAM_ALIGNMENT: Final = COEFFICIENT_ALIGNMENT
_SYMBOL_MAP: Final = tuple(f"symbol_map_{symbol}" for symbol in range(SYMBOLS))
_BIAS_BYTES: Final = 4

_MOST_WEIGHTS_PER_BYTE: Final = {7: 128, 8: 3}
"""Weights that a byte of stream can stand for at most: V7 256 in a token of 16 bits, V8 one in 3 bits.

Configs that claim more are refused before memory is allocated for the weights."""

_MOST_WEIGHTS: Final = 1 << 26
"""Weights of one job that the emulator is ready to hold."""


def coefficient_bytes(rest: NDArray[np.uint8], descriptor: NnDescriptor, core: NpuCore, place: Place) -> int:
    """How many bytes the coefficients take, by their header.

    rest: uint8, the buffer from the coefficients' address to its end.
    Raises NpuFault if the buffer is too short for them, or they are too short for the job's weights.
    """
    cores_used = min(descriptor.output_channels, core.nn_core_count)
    layout = V8_HEADER if core.generation == 8 else v7_header(core.nn_core_count)
    if rest.size < layout.byte_count:
        raise NpuFault(place, f"the {rest.size} bytes there are less than a coefficient header of {layout.byte_count}")
    header = Descriptor(layout, rest[: layout.byte_count].view("<u4"), place.job)
    stream_size = "stream_bits" if core.generation == 8 else "stream_bytes"
    streams = [f"{stream_size}_{number}" for number in range(cores_used)]
    header.check_values(frozenset({*_SYMBOL_MAP, *streams}), {})
    if core.generation == 8:
        sizes = [-(-header[name] // (8 * _STREAM_ALIGNMENT)) * _STREAM_ALIGNMENT for name in streams]
        tail = descriptor.output_channels * _BIAS_BYTES
    else:
        sizes = [header[name] for name in streams]
        tail = 0
        for name, size in zip(streams, sizes, strict=True):
            if size % _STREAM_ALIGNMENT:
                raise header.fault(name, f"{size} is no multiple of {_STREAM_ALIGNMENT}")
    total = layout.byte_count + sum(sizes) + tail
    if total > rest.size:
        raise NpuFault(
            place, f"the coefficients run out: by their header they take {total} bytes, of {rest.size} there"
        )
    if descriptor.weight_count > sum(sizes) * _MOST_WEIGHTS_PER_BYTE[core.generation]:
        raise NpuFault(
            place,
            f"the coefficients run out: {sum(sizes)} bytes of streams can not hold {descriptor.weight_count} weights",
        )
    if descriptor.weight_count > _MOST_WEIGHTS:
        raise NpuFault(place, f"the job has {descriptor.weight_count} weights, more than {_MOST_WEIGHTS}")
    return total


def decode_coefficients(
    data: NDArray[np.uint8], descriptor: NnDescriptor, core: NpuCore, place: Place
) -> tuple[NDArray[np.uint8], NDArray[np.int32]]:
    """Weights, uint8 [output channels, depth, KH, KW], and stored biases, int32 [output channels].

    Raises NpuFault if the streams can not be decoded.
    """
    try:
        if core.generation == 8:
            return _decode_huffman(data, descriptor, core)
        return _decode_zero_runs(data, descriptor, core)
    except CoefficientStreamError as error:
        raise NpuFault(place, str(error)) from error


def _decode_zero_runs(
    data: NDArray[np.uint8], descriptor: NnDescriptor, core: NpuCore
) -> tuple[NDArray[np.uint8], NDArray[np.int32]]:
    """V7. Nothing in a config tells a fully connected job: its weights are read in the order of a convolution."""
    layout = ZeroRunLayout(
        descriptor.output_channels,
        descriptor.input_channels,
        descriptor.kernel_height,
        descriptor.kernel_width,
        core.nn_core_count,
        descriptor.kernels_per_core,
        weight_order(descriptor.input_channels, descriptor.kernel_height, descriptor.kernel_width),
    )
    decoded = decode_zero_run_stream(data, layout, descriptor.weight_zero_point)
    plane = descriptor.output_row_stride * descriptor.output_rows_per_channel
    expected = (np.arange(descriptor.output_channels) * plane).astype(np.uint32)
    wrong = np.flatnonzero(decoded.output_offsets != expected)
    if wrong.size:
        channel = int(wrong[0])
        raise CoefficientStreamError(
            f"the output offset of channel {channel} is {decoded.output_offsets[channel]}, and its plane starts at "
            f"{expected[channel]}"
        )
    for number, bits in enumerate(decoded.zero_run_bits):
        if bits > core.zero_run_bits:
            raise CoefficientStreamError(f"{bits} zero-run bits, and {core.zero_run_bits} are the most", number)
    return decoded.weights, decoded.biases


def _decode_huffman(
    data: NDArray[np.uint8], descriptor: NnDescriptor, core: NpuCore
) -> tuple[NDArray[np.uint8], NDArray[np.int32]]:
    """V8."""
    layout = HuffmanLayout(
        descriptor.output_channels,
        1 if descriptor.depthwise else descriptor.input_channels,
        descriptor.kernel_height,
        descriptor.kernel_width,
        core.nn_core_count,
        descriptor.kernels_per_core,
        descriptor.depthwise,
    )
    decoded = decode_huffman_stream(data, layout, descriptor.weight_zero_point)
    shape = (
        layout.output_channels,
        layout.input_channels,
        layout.kernel_height,
        layout.kernel_width,
    )
    return decoded.weights.reshape(shape), decoded.biases
