"""Compiled graphs as bytes: the coefficients, which take most of the time to compile, with what they were made from.

The rest is compiled again: it takes milliseconds, and is right by construction.
"""

import io
import zipfile
from collections.abc import Iterator, Sequence
from hashlib import blake2b

import numpy as np

from npu_hal.api import InvalidInput
from npu_hal_etnaviv.hardware.npu_core import NpuCore
from npu_hal_etnaviv.jobs.nn_job import NNJob
from npu_hal_etnaviv.programming.coefficients import Coefficients
from npu_hal_etnaviv.programming.geometry import Cut

_FORMAT = 1
"""Goes up with every change of what is written, or of how coefficients are encoded."""

_DIGEST_BYTES = 32


def serialise(jobs: Sequence[tuple[NNJob, Cut, Coefficients]], core: NpuCore) -> bytes:
    """The coefficients of a graph's NN jobs, in order, as a numpy archive."""
    arrays: dict[str, np.ndarray[tuple[int, ...], np.dtype[np.generic]]] = {
        "digests": np.frombuffer(b"".join(_digest(job, cut, core) for job, cut, _ in jobs), np.uint8),
        "cached_bytes": np.array([coefficients.cached_bytes for _, _, coefficients in jobs], np.int64),
    }
    arrays |= {f"data{position}": coefficients.data for position, (_, _, coefficients) in enumerate(jobs)}
    file = io.BytesIO()
    np.savez(file, allow_pickle=False, **arrays)
    return file.getvalue()


class StoredCoefficients:
    """Coefficients that were serialised, to be asked for job by job; raises InvalidInput for anything else."""

    def __init__(self, data: bytes) -> None:
        try:
            with np.load(io.BytesIO(data), allow_pickle=False) as archive:
                self._digests = archive["digests"].tobytes()
                cached_bytes = archive["cached_bytes"]
                blocks = [archive[f"data{position}"] for position in range(len(cached_bytes))]
        except (OSError, ValueError, KeyError, EOFError, TypeError, zipfile.BadZipFile) as error:
            raise InvalidInput(f"the data is no serialised graph of this driver: {error}") from None
        if len(self._digests) != _DIGEST_BYTES * len(blocks) or any(block.dtype != np.uint8 for block in blocks):
            raise InvalidInput("the data is no serialised graph of this driver: its parts do not belong together")
        self._coefficients = [
            Coefficients(block, int(count)) for block, count in zip(blocks, cached_bytes, strict=True)
        ]
        self._remaining: Iterator[int] = iter(range(len(blocks)))

    def take(self, job: NNJob, cut: Cut, core: NpuCore) -> Coefficients:
        """The coefficients of the next job; InvalidInput if they were made from another one."""
        position = next(self._remaining, None)
        if position is None:
            raise InvalidInput("the data was serialised from a graph of fewer jobs; compile this one")
        start = position * _DIGEST_BYTES
        if self._digests[start : start + _DIGEST_BYTES] != _digest(job, cut, core):
            raise InvalidInput("the data was serialised from another graph, or for another NPU; compile this one")
        return self._coefficients[position]

    def require_all_taken(self) -> None:
        """InvalidInput if there are more than were asked for."""
        if next(self._remaining, None) is not None:
            raise InvalidInput("the data was serialised from a graph of more jobs; compile this one")


def _digest(job: NNJob, cut: Cut, core: NpuCore) -> bytes:
    """A hash of all that a job's coefficients are made from."""
    facts = (
        _FORMAT,
        type(job).__name__,
        job.form,
        job.input_size,
        job.output_size,
        (job.kernel_height, job.kernel_width),
        (job.weight_zero_point, job.input_zero_point),
        cut.superblock_kernels,
        core,
    )
    digest = blake2b(repr(facts).encode(), digest_size=_DIGEST_BYTES)
    for array in (job.weights, job.bias):
        digest.update(f"{array.dtype}{array.shape}".encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.digest()
