"""Loading a compiled graph: buffers get addresses, jobs get config words, submits get command words."""

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from npu_hal_etnaviv.compiler import CompiledGraph, CompiledJob, CompiledNNJob
from npu_hal_etnaviv.hardware.bit_field import Words
from npu_hal_etnaviv.hardware.coefficient_header import COEFFICIENT_ALIGNMENT
from npu_hal_etnaviv.hardware.nn_config import NN_CONFIG, NN_CONFIG_ALIGNMENT
from npu_hal_etnaviv.hardware.npu_core import NpuCore
from npu_hal_etnaviv.hardware.tp_config import TP_CONFIG, TP_CONFIG_ALIGNMENT
from npu_hal_etnaviv.jobs.image import Image
from npu_hal_etnaviv.jobs.tp_job import Pad
from npu_hal_etnaviv.kernel.interface import Access, BufferObject, KernelInterface, align_up
from npu_hal_etnaviv.placement.memory_plan import Region
from npu_hal_etnaviv.programming.command_stream import JobStart, NNStart, TPStart, job_streams
from npu_hal_etnaviv.programming.tp_config import tp_configs

REGION_ACCESS = {
    Region.INPUTS: Access.READ,
    Region.OUTPUTS: Access.WRITE,
    Region.SCRATCH: Access.READ | Access.WRITE,
}


@dataclass(frozen=True, slots=True)
class LoadedGraph:
    """What one inference needs.

    streams: command words, uint32, to be submitted in order. buffers: all that they use.
    inputs, outputs: where the bytes of the graph's inputs and outputs are, uint8, flat; None for an unused input.
    input_buffers, output_buffers: the buffers that hold them.
    """

    streams: tuple[NDArray[np.uint32], ...]
    buffers: tuple[tuple[BufferObject, Access], ...]
    inputs: tuple[NDArray[np.uint8] | None, ...]
    outputs: tuple[NDArray[np.uint8], ...]
    input_buffers: tuple[BufferObject, ...]
    output_buffers: tuple[BufferObject, ...]


def load(compiled: CompiledGraph, core: NpuCore, kernel: KernelInterface) -> LoadedGraph:
    """Allocate the buffers and fill in all that does not change from inference to inference.

    Raises OutOfDeviceMemory, DeviceLost; no buffer is left behind then.
    """
    with contextlib.ExitStack() as undo:

        def allocate(size: int) -> BufferObject:
            buffer = kernel.allocate(size)
            undo.callback(kernel.release, buffer)
            return buffer

        regions = {region: allocate(size) for region, size in compiled.memory.sizes.items() if size}

        def view(image: Image) -> NDArray[np.uint8]:
            place = compiled.memory.places[image]
            return regions[place.region].data[place.offset : place.offset + image.size]

        def address_of(image: Image) -> int:
            place = compiled.memory.places[image]
            return regions[place.region].address + place.offset

        buffers = [(buffer, REGION_ACCESS[region]) for region, buffer in regions.items()]
        streams: tuple[NDArray[np.uint32], ...] = ()
        if compiled.jobs:
            configs = [_configs_before_coefficients(job, address_of) for job in compiled.jobs]
            layout = _constants_layout(compiled.jobs, configs)
            constants = allocate(layout.size)
            buffers.insert(0, (constants, Access.READ))
            kernel.cpu_prep(constants, Access.WRITE)
            starts = _fill_constants(compiled.jobs, configs, layout, constants, core, address_of)
            kernel.cpu_fini(constants)
            streams = tuple(job_streams(starts))
        undo.pop_all()
    return LoadedGraph(
        streams,
        tuple(buffers),
        tuple(None if image is None else view(image) for image in compiled.program.inputs),
        tuple(view(image) for image in compiled.program.outputs),
        tuple(regions[region] for region in _regions(compiled, compiled.program.inputs)),
        tuple(regions[region] for region in _regions(compiled, compiled.program.outputs)),
    )


def _regions(compiled: CompiledGraph, images: Sequence[Image | None]) -> dict[Region, None]:
    """The regions that hold these images, each once."""
    return dict.fromkeys(compiled.memory.places[image].region for image in images if image is not None)


@dataclass(frozen=True, slots=True)
class _ConstantsLayout:
    """Offsets in the constants' buffer: for each job those of its configs, and of its coefficients if it has any."""

    configs: tuple[tuple[int, ...], ...]
    coefficients: tuple[int, ...]
    size: int


def _configs_before_coefficients(job: CompiledJob, address_of: Callable[[Image], int]) -> list[dict[str, int]]:
    """The configs of a TP job; those of an NN job need an address that is not known yet."""
    return [] if isinstance(job, CompiledNNJob) else tp_configs(job, address_of)


def _constants_layout(jobs: Sequence[CompiledJob], configs: Sequence[list[dict[str, int]]]) -> _ConstantsLayout:
    """All configs first, then all coefficients."""
    end = 0
    config_offsets: list[tuple[int, ...]] = []
    for job, fields in zip(jobs, configs, strict=True):
        if isinstance(job, CompiledNNJob):
            count, step = 1, align_up(NN_CONFIG.byte_count, NN_CONFIG_ALIGNMENT)
        else:
            count, step = len(fields), align_up(TP_CONFIG.byte_count, TP_CONFIG_ALIGNMENT)
        config_offsets.append(tuple(end + step * number for number in range(count)))
        end += count * step
    coefficient_offsets = []
    for job in jobs:
        end = align_up(end, COEFFICIENT_ALIGNMENT)
        coefficient_offsets.append(end)
        if isinstance(job, CompiledNNJob):
            end += job.coefficients.data.size
    return _ConstantsLayout(tuple(config_offsets), tuple(coefficient_offsets), end)


def _fill_constants(
    jobs: Sequence[CompiledJob],
    configs: Sequence[list[dict[str, int]]],
    layout: _ConstantsLayout,
    buffer: BufferObject,
    core: NpuCore,
    address_of: Callable[[Image], int],
) -> list[JobStart]:
    """Write configs and coefficients; returns what starts the jobs."""
    starts: list[JobStart] = []
    for job, fields, offsets, coefficients in zip(jobs, configs, layout.configs, layout.coefficients, strict=True):
        addresses = tuple(buffer.address + offset for offset in offsets)
        if isinstance(job, CompiledNNJob):
            buffer.data[coefficients : coefficients + job.coefficients.data.size] = job.coefficients.data
            nn_fields = job.config(core, buffer.address + coefficients, address_of)
            _write(buffer, offsets[0], NN_CONFIG.pack(nn_fields))
            starts.append(NNStart(addresses[0]))
        else:
            for offset, tp_fields in zip(offsets, fields, strict=True):
                _write(buffer, offset, TP_CONFIG.pack(tp_fields))
            starts.append(TPStart(addresses, isinstance(job, Pad)))
    return starts


def _write(buffer: BufferObject, offset: int, words: Words) -> None:
    data = words.astype("<u4").view(np.uint8)
    buffer.data[offset : offset + data.size] = data
