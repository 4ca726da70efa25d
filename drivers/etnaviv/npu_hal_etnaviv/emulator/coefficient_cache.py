"""Decoded coefficients, kept from submit to submit as long as their bytes stay the same."""

import hashlib
from collections import OrderedDict
from typing import Final

import numpy as np
from numpy.typing import NDArray

from npu_hal_etnaviv.emulator.coefficient_decoding import coefficient_bytes, decode_coefficients
from npu_hal_etnaviv.emulator.convolution import Kernels, prepare_kernels
from npu_hal_etnaviv.emulator.faults import Place
from npu_hal_etnaviv.emulator.memory import SubmitMemory
from npu_hal_etnaviv.emulator.nn_descriptor import NnDescriptor
from npu_hal_etnaviv.hardware.nn_config import NN_CONFIG
from npu_hal_etnaviv.hardware.npu_core import NpuCore

CACHE_BYTES: Final = 512 << 20
"""Prepared weights kept at most; the least recently used go first."""

_Key = tuple[bytes, tuple[object, ...]]


class CoefficientCache:
    """Prepared kernels by the bytes that they were decoded from, and by what the config says of those bytes."""

    def __init__(self, core: NpuCore) -> None:
        self._core = core
        self._entries: OrderedDict[_Key, Kernels] = OrderedDict()
        self._bytes = 0

    def kernels(self, descriptor: NnDescriptor, memory: SubmitMemory, job: str) -> Kernels:
        """The kernels of a job, decoded if these very bytes have not been seen.

        Raises NpuFault if they can not be read or decoded.
        """
        place = Place(job, NN_CONFIG.name, NN_CONFIG.field("kernel_address").word, "kernel_address")
        data = self.used_bytes(descriptor, memory, place)
        key = (hashlib.blake2b(data.data, digest_size=20).digest(), _decoding_parameters(descriptor))
        found = self._entries.get(key)
        if found is not None:
            self._entries.move_to_end(key)
            return found
        weights, biases = decode_coefficients(data, descriptor, self._core, place)
        kernels = prepare_kernels(
            weights,
            descriptor.weight_zero_point,
            biases,
            depthwise=descriptor.depthwise,
            centered=self._core.generation == 8,
        )
        self._entries[key] = kernels
        self._bytes += kernels.byte_count
        while self._bytes > CACHE_BYTES and len(self._entries) > 1:
            self._bytes -= self._entries.popitem(last=False)[1].byte_count
        return kernels

    def used_bytes(self, descriptor: NnDescriptor, memory: SubmitMemory, place: Place) -> NDArray[np.uint8]:
        """The bytes of the buffer that the job reads as coefficients."""
        rest = memory.readable_from(descriptor.coefficient_address, place)
        return rest[: coefficient_bytes(rest, descriptor, self._core, place)]


def _decoding_parameters(descriptor: NnDescriptor) -> tuple[object, ...]:
    """What decoding depends on besides the bytes."""
    return (
        descriptor.output_channels,
        descriptor.input_channels,
        descriptor.kernel_height,
        descriptor.kernel_width,
        descriptor.kernels_per_core,
        descriptor.depthwise,
        descriptor.weight_zero_point,
        descriptor.output_row_stride * descriptor.output_rows_per_channel,
    )
