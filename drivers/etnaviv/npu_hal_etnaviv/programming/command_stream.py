"""Command words that start jobs (hardware note, section 2)."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from npu_hal_etnaviv.hardware.registers import (
    COMMAND_ALIGNMENT,
    GL_API_MODE_OPENCL,
    GL_FLUSH_CACHE,
    GL_NN_CONFIG,
    GL_UNK03950_SPLIT_PAD,
    LOAD_STATE,
    PA_SYSTEM_MODE,
    STREAM_WORD_LIMIT,
    Register,
)

HEAD_WORDS = 8
TAIL_WORDS = 2
WRITE_WORDS = 2
NN_JOB_WRITES = 5
TP_CONFIG_WRITES = 5
TP_JOB_WRITES = 1
FLUSH_WRITES = 2
CLOSING_WORDS = WRITE_WORDS * FLUSH_WRITES + TAIL_WORDS
SEQUENTIAL = 0
"""The sync id of jobs that run one after the other."""
SHARED = 1
"""The sync id of a TP job's configs that run at the same time: all but the last."""


@dataclass(frozen=True, slots=True)
class NNStart:
    """Starts an NN job: the address of its config."""

    config: int


@dataclass(frozen=True, slots=True)
class TPStart:
    """Starts a TP job: the addresses of its configs, one a TP core used."""

    configs: tuple[int, ...]
    is_pad: bool


JobStart = NNStart | TPStart


@dataclass(slots=True)
class _Stream:
    words: list[int] = field(default_factory=list)

    def pad(self, count: int) -> None:
        self.words.extend([0] * count)

    def write(self, register: Register, value: int) -> None:
        self.pad(-len(self.words) % COMMAND_ALIGNMENT)
        self.words.append(int(LOAD_STATE.pack({"state_index": register >> 2})[0]))
        self.words.append(value)

    def array(self) -> NDArray[np.uint32]:
        return np.array(self.words, np.uint32)


def initialisation_stream() -> NDArray[np.uint32]:
    """The first submit of a process: the state that later ones rely on."""
    stream = _Stream()
    stream.pad(HEAD_WORDS)
    stream.write(Register.PA_SYSTEM_MODE, int(PA_SYSTEM_MODE.pack({})[0]))
    stream.write(Register.GL_API_MODE, GL_API_MODE_OPENCL)
    stream.pad(TAIL_WORDS)
    return stream.array()


def job_streams(starts: Sequence[JobStart]) -> list[NDArray[np.uint32]]:
    """Streams that start these jobs in order; more than one only if the jobs do not fit the limit of words."""
    streams = []
    stream = _opened()
    for start in starts:
        is_empty = len(stream.words) == HEAD_WORDS
        if not is_empty and len(stream.words) + _word_count(start) + CLOSING_WORDS > STREAM_WORD_LIMIT:
            streams.append(_closed(stream))
            stream = _opened()
        _start_job(stream, start)
    if starts:
        streams.append(_closed(stream))
    return streams


def _opened() -> _Stream:
    stream = _Stream()
    stream.pad(HEAD_WORDS)
    return stream


def _closed(stream: _Stream) -> NDArray[np.uint32]:
    for _ in range(FLUSH_WRITES):
        stream.write(Register.GL_FLUSH_CACHE, int(GL_FLUSH_CACHE.pack({})[0]))
    stream.pad(TAIL_WORDS)
    return stream.array()


def _word_count(start: JobStart) -> int:
    if isinstance(start, NNStart):
        return NN_JOB_WRITES * WRITE_WORDS
    return (TP_CONFIG_WRITES * len(start.configs) + TP_JOB_WRITES) * WRITE_WORDS


def _start_job(stream: _Stream, start: JobStart) -> None:
    if isinstance(start, NNStart):
        stream.write(Register.GL_OCB_REMAP_START, 0)
        stream.write(Register.GL_OCB_REMAP_END, 0)
        stream.write(Register.GL_NN_CONFIG, int(GL_NN_CONFIG.pack({})[0]))
        stream.write(Register.PS_NN_INST_ADDR, start.config | SEQUENTIAL)
        stream.write(Register.PS_UNK10A4, SEQUENTIAL)
        return
    for number, address in enumerate(start.configs):
        is_last_core = number == len(start.configs) - 1
        stream.write(Register.GL_OCB_REMAP_START, 0)
        stream.write(Register.GL_OCB_REMAP_END, 0)
        stream.write(Register.GL_TP_CONFIG, 0)
        stream.write(Register.GL_UNK03950, GL_UNK03950_SPLIT_PAD if start.is_pad and not is_last_core else 0)
        stream.write(Register.PS_TP_INST_ADDR, address | (SEQUENTIAL if is_last_core else SHARED))
    stream.write(Register.PS_UNK10A4, SEQUENTIAL)
