"""From command words to jobs: the registers that a stream writes, in order (hardware note, section 2)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from npu_hal_etnaviv.emulator.faults import COMMAND_STREAM, NpuFault, Place
from npu_hal_etnaviv.hardware.registers import (
    COMMAND_ALIGNMENT,
    GL_API_MODE_OPENCL,
    GL_FLUSH_CACHE,
    GL_NN_CONFIG,
    GL_UNK03950_SPLIT_PAD,
    INSTRUCTION_ADDRESS,
    LOAD_STATE,
    LOAD_STATE_OPCODE,
    PA_SYSTEM_MODE,
    STREAM_WORD_LIMIT,
    Register,
)

LAST_SYNC_ID = 0x1F

_KNOWN_REGISTERS = {int(register): register for register in Register}

_FLUSH_VALUES = tuple(int(GL_FLUSH_CACHE.pack({"shader_l1": whole, "unknown11": whole})[0]) for whole in (1, 0))
"""The flushes that are known to end a batch: Mesa's, and that of its option for parallel jobs."""

_PLAIN_VALUES: dict[Register, tuple[int, ...]] = {
    Register.PA_SYSTEM_MODE: (int(PA_SYSTEM_MODE.pack({})[0]),),
    Register.GL_API_MODE: (GL_API_MODE_OPENCL,),
    Register.GL_FLUSH_CACHE: _FLUSH_VALUES,
    Register.GL_OCB_REMAP_START: (0,),
    Register.GL_OCB_REMAP_END: (0,),
    Register.GL_NN_CONFIG: tuple(int(GL_NN_CONFIG.pack({"small_batch": batch})[0]) for batch in (1, 0)),
    Register.GL_TP_CONFIG: (0,),
    Register.GL_UNK03950: (0, GL_UNK03950_SPLIT_PAD),
    Register.PS_UNK10A4: tuple(range(LAST_SYNC_ID + 1)),
}
"""The documented values of every register but those that start jobs."""

_NEEDED_BEFORE = {
    Register.PS_NN_INST_ADDR: (
        Register.GL_OCB_REMAP_START,
        Register.GL_OCB_REMAP_END,
        Register.GL_NN_CONFIG,
    ),
    Register.PS_TP_INST_ADDR: (
        Register.GL_OCB_REMAP_START,
        Register.GL_OCB_REMAP_END,
        Register.GL_TP_CONFIG,
        Register.GL_UNK03950,
    ),
}
"""Registers that a submit must have written before it starts a job: it can not know what another process left."""


class JobKind(Enum):
    """The unit that runs a job."""

    NN = "NN"
    TP = "TP"


@dataclass(frozen=True, slots=True)
class RegisterWrite:
    """One state write: the register's byte address; `word` is the index of the value in the stream."""

    address: int
    value: int
    word: int

    @property
    def register(self) -> Register | None:
        """The register, if it is a known one."""
        return _KNOWN_REGISTERS.get(self.address)

    @property
    def name(self) -> str:
        """The register's name, or its address if it is not known."""
        return f"register {self.address:#06x}" if self.register is None else self.register.name


@dataclass(frozen=True, slots=True)
class JobCommand:
    """A config to run.

    number: of the job within the submit, from 0; a TP job can have several configs.
    config_number: of the config within its job, from 0.
    word: index in the stream of the word that starts it.
    """

    kind: JobKind
    number: int
    config_number: int
    config_address: int
    sync_id: int
    word: int

    @property
    def name(self) -> str:
        """What faults and dumps call it."""
        part = f", config {self.config_number}" if self.config_number else ""
        return f"job {self.number} ({self.kind.value}{part})"


def register_writes(words: NDArray[np.uint32]) -> Iterator[RegisterWrite]:
    """Every register write of a stream (uint32, shape [n]), in order.

    Raises NpuFault for what is no LOAD_STATE command, and where the stream ends within one.
    """
    position = 0
    while position < len(words):
        word = int(words[position])
        if word == 0:
            position += 1
            continue
        command = LOAD_STATE.unpack([word])
        if position % COMMAND_ALIGNMENT:
            raise _stream_fault(position, "command", f"{word:#x} starts a command at an odd word")
        if command["opcode"] != LOAD_STATE_OPCODE or command["fixed_point"] or not command["count"]:
            raise _stream_fault(position, "command", f"{word:#x} is no LOAD_STATE of at least one integer")
        first = position + 1
        position = first + command["count"]
        if position > len(words):
            raise _stream_fault(
                first - 1, "command", f"it announces {command['count']} values, and {len(words) - first} words are left"
            )
        for offset, value in enumerate(words[first:position]):
            yield RegisterWrite((command["state_index"] + offset) * 4, int(value), first + offset)
        if position % COMMAND_ALIGNMENT:
            position += 1


def job_commands(writes: Iterable[RegisterWrite]) -> Iterator[JobCommand]:
    """The jobs that register writes start."""
    number = config_number = 0
    for write in writes:
        if write.address in (Register.PS_NN_INST_ADDR, Register.PS_TP_INST_ADDR):
            kind = JobKind.NN if write.address == Register.PS_NN_INST_ADDR else JobKind.TP
            sync_id = INSTRUCTION_ADDRESS.unpack([write.value])["sync_id"]
            yield JobCommand(kind, number, config_number, write.value - sync_id, sync_id, write.word)
            config_number += 1
        elif write.address == Register.PS_UNK10A4:
            number, config_number = number + 1, 0


def parse_jobs(words: NDArray[np.uint32]) -> list[JobCommand]:
    """The jobs of a stream in order, after every register has been checked.

    Raises NpuFault for an unknown register, a value that is not documented, a job that starts before its registers
    are set, and jobs after which the caches are not flushed.
    """
    if len(words) > STREAM_WORD_LIMIT:
        raise _stream_fault(STREAM_WORD_LIMIT, "command", f"a submit has at most {STREAM_WORD_LIMIT} words")
    writes = list(register_writes(words))
    written: set[Register] = set()
    flushed = True
    for write in writes:
        register = _checked_register(write)
        for needed in _NEEDED_BEFORE.get(register, ()):
            if needed not in written:
                raise _stream_fault(write.word, register.name, f"the job starts before {needed.name} is written")
        if register in _NEEDED_BEFORE:
            flushed = False
        elif register is Register.GL_FLUSH_CACHE:
            flushed = True
        written.add(register)
    jobs = list(job_commands(writes))
    if not flushed:
        last = jobs[-1]
        place = Place(last.name, COMMAND_STREAM, last.word, Register.GL_FLUSH_CACHE.name)
        raise NpuFault(place, "the stream ends without a flush after it, so its results never reach memory")
    return jobs


def _checked_register(write: RegisterWrite) -> Register:
    register = write.register
    if register is None:
        raise _stream_fault(write.word, write.name, "no NPU job is known to write it")
    if register in _NEEDED_BEFORE:
        sync_id = INSTRUCTION_ADDRESS.unpack([write.value])["sync_id"]
        if sync_id > LAST_SYNC_ID:
            raise _stream_fault(write.word, register.name, f"the sync id {sync_id:#x} is more than {LAST_SYNC_ID:#x}")
    elif write.value not in _PLAIN_VALUES[register]:
        raise _stream_fault(write.word, register.name, f"{write.value:#x} is no documented value")
    return register


def _stream_fault(word: int, field: str, problem: str) -> NpuFault:
    return NpuFault(Place("submit", COMMAND_STREAM, word, field), problem)
