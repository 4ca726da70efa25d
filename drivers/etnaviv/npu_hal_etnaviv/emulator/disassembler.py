"""Captured submits as named registers, configs and, on request, decoded weights.

What can not be decoded is reported as a problem in its place, and the rest goes on: captures are often looked at
because something is wrong in them.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from npu_hal_etnaviv.emulator.coefficient_decoding import coefficient_bytes, decode_coefficients
from npu_hal_etnaviv.emulator.command_parser import (
    JobCommand,
    JobKind,
    RegisterWrite,
    job_commands,
    register_writes,
)
from npu_hal_etnaviv.emulator.faults import COMMAND_STREAM, NpuFault, Place
from npu_hal_etnaviv.emulator.memory import SubmitMemory, SubmittedBuffer
from npu_hal_etnaviv.emulator.nn_descriptor import read_nn_descriptor
from npu_hal_etnaviv.emulator.nn_job import nn_place
from npu_hal_etnaviv.hardware.nn_config import KERNEL_ADDRESS_SHIFT, NN_ADDRESS_FIELDS, NN_CONFIG
from npu_hal_etnaviv.hardware.npu_core import NpuCore, npu_core_named
from npu_hal_etnaviv.hardware.registers import REGISTER_FIELDS
from npu_hal_etnaviv.hardware.tp_config import TP_ADDRESS_FIELDS, TP_CONFIG
from npu_hal_etnaviv.kernel.dump import Capture

_TYPICAL_CORES: Final = {7: "a311d", 8: "imx8mp"}
"""What is assumed where a capture does not come with the name of its core."""


@dataclass(frozen=True, slots=True)
class RegisterText:
    """One register write; `fields` is empty for registers that hold one plain value."""

    word: int
    name: str
    value: int
    fields: dict[str, int]


@dataclass(frozen=True, slots=True)
class BufferReference:
    """A GPU address: the handle of the buffer that it lies in, or None, and the offset there."""

    address: int
    handle: int | None
    offset: int


@dataclass(frozen=True, slots=True)
class CoefficientText:
    """The decoded coefficients of an NN job.

    byte_count: as the job reads them. weights: uint8 [output channels, depth, KH, KW]; biases: int32.
    """

    byte_count: int
    weight_count: int
    weights: NDArray[np.uint8]
    biases: NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class JobText:
    """One config of a job: its fields by name, its addresses resolved, its coefficients if they were asked for."""

    name: str
    kind: str
    config: BufferReference
    fields: dict[str, int]
    addresses: dict[str, BufferReference]
    coefficients: CoefficientText | None
    problem: str | None


@dataclass(frozen=True, slots=True)
class Disassembly:
    """One submit. `problems` are what kept the stream or the buffers from being read whole."""

    core: str
    registers: tuple[RegisterText, ...]
    jobs: tuple[JobText, ...]
    problems: tuple[str, ...]

    def as_data(self) -> dict[str, Any]:
        """Everything as dicts, lists, numbers and strings, ready for JSON."""
        data = asdict(self)
        for job in data["jobs"]:
            if job["coefficients"] is not None:
                for name in ("weights", "biases"):
                    job["coefficients"][name] = job["coefficients"][name].tolist()
        return data


def disassemble(capture: Capture, core: NpuCore | None = None, *, weights: bool = False) -> Disassembly:
    """Name everything in a capture.

    core: the variant that it is for; without it, the generation is told by the first NN config, and the sizes are
    those of the best-known core of that generation.
    weights: whether to decode coefficients.
    """
    writes: list[RegisterWrite] = []
    problems: list[str] = []
    try:
        for write in register_writes(capture.words):
            writes.append(write)
    except NpuFault as fault:
        problems.append(str(fault))
    memory = SubmitMemory([])
    try:
        memory = SubmitMemory(
            [SubmittedBuffer(buffer.handle, buffer.address, buffer.data, buffer.access) for buffer in capture.buffers]
        )
    except NpuFault as fault:
        problems.append(str(fault))
    commands = list(job_commands(writes))
    if core is None:
        core = npu_core_named(_TYPICAL_CORES[_generation(commands, memory)])
    jobs = tuple(_job(command, capture, memory, core, weights) for command in commands)
    return Disassembly(core.name, tuple(_register(write) for write in writes), jobs, tuple(problems))


def render_text(disassembly: Disassembly, *, all_fields: bool = False) -> str:
    """The disassembly as text; without `all_fields`, config fields that hold their default are left out."""
    return "\n".join(_lines(disassembly, all_fields)) + "\n"


def _register(write: RegisterWrite) -> RegisterText:
    layout = REGISTER_FIELDS.get(write.register) if write.register is not None else None
    return RegisterText(write.word, write.name, write.value, layout.unpack([write.value]) if layout else {})


def _generation(commands: list[JobCommand], memory: SubmitMemory) -> int:
    """8 if the first readable NN config says that its streams hold no output offsets, which only V8 does."""
    for command in commands:
        if command.kind is JobKind.NN:
            try:
                fields = NN_CONFIG.unpack(_config_words(command, memory))
            except NpuFault:
                continue
            return 8 if fields["no_z_offset"] else 7
    return 7


def _config_words(command: JobCommand, memory: SubmitMemory) -> NDArray[np.uint32]:
    layout = NN_CONFIG if command.kind is JobKind.NN else TP_CONFIG
    place = Place(command.name, COMMAND_STREAM, command.word, "config address")
    return memory.read(command.config_address, layout.byte_count, place).copy().view("<u4")


def _job(command: JobCommand, capture: Capture, memory: SubmitMemory, core: NpuCore, weights: bool) -> JobText:
    is_nn = command.kind is JobKind.NN
    layout, address_fields = (NN_CONFIG, NN_ADDRESS_FIELDS) if is_nn else (TP_CONFIG, TP_ADDRESS_FIELDS)
    fields: dict[str, int] = {}
    coefficients = problem = None
    try:
        words = _config_words(command, memory)
        fields = layout.unpack(words)
        if is_nn and weights:
            coefficients = _coefficients(words, command, memory, core)
    except NpuFault as fault:
        problem = str(fault)
    addresses = {}
    for name in address_fields if fields else ():
        shift = KERNEL_ADDRESS_SHIFT if name == "kernel_address" else 0
        addresses[name] = _reference(fields[name] << shift, capture)
    return JobText(
        command.name,
        command.kind.value,
        _reference(command.config_address, capture),
        fields,
        addresses,
        coefficients,
        problem,
    )


def _coefficients(
    words: NDArray[np.uint32], command: JobCommand, memory: SubmitMemory, core: NpuCore
) -> CoefficientText:
    descriptor = read_nn_descriptor(words, core, command.name)
    place = nn_place(command.name, "kernel_address")
    rest = memory.readable_from(descriptor.coefficient_address, place)
    size = coefficient_bytes(rest, descriptor, core, place)
    decoded, biases = decode_coefficients(rest[:size], descriptor, core, place)
    return CoefficientText(size, decoded.size, decoded, biases)


def _reference(address: int, capture: Capture) -> BufferReference:
    for buffer in capture.buffers:
        if buffer.address <= address < buffer.address + buffer.data.size:
            return BufferReference(address, buffer.handle, address - buffer.address)
    return BufferReference(address, None, 0)


def _lines(disassembly: Disassembly, all_fields: bool) -> Iterator[str]:
    yield f"core {disassembly.core}"
    yield "registers:"
    for write in disassembly.registers:
        fields = " ".join(f"{name}={value:#x}" for name, value in write.fields.items() if value)
        yield f"  {write.word:5} {write.name} = {write.value:#010x} {fields}".rstrip()
    for problem in disassembly.problems:
        yield f"  problem: {problem}"
    for job in disassembly.jobs:
        yield f"{job.name}: config at {_reference_text(job.config)}"
        layout = NN_CONFIG if job.kind == JobKind.NN.value else TP_CONFIG
        for name, value in job.fields.items():
            if name in job.addresses:
                yield f"  {name} = {_reference_text(job.addresses[name])}"
            elif all_fields or value != layout.field(name).default:
                yield f"  {name} = {value}"
        if job.coefficients is not None:
            yield from _coefficient_lines(job.coefficients)
        if job.problem:
            yield f"  problem: {job.problem}"


def _coefficient_lines(coefficients: CoefficientText) -> Iterator[str]:
    ratio = coefficients.byte_count / coefficients.weight_count
    yield (
        f"  coefficients: {coefficients.byte_count} bytes for {coefficients.weight_count} weights "
        f"({ratio:.3f} bytes a weight)"
    )
    for channel, (kernel, bias) in enumerate(zip(coefficients.weights, coefficients.biases, strict=True)):
        yield f"  channel {channel}: bias {int(bias)}"
        for plane in kernel:
            for row in plane:
                yield "    " + " ".join(f"{int(weight):3}" for weight in row)


def _reference_text(reference: BufferReference) -> str:
    if reference.handle is None:
        return f"{reference.address:#010x} (in no buffer)"
    return f"{reference.address:#010x} (buffer {reference.handle} + {reference.offset:#x})"
