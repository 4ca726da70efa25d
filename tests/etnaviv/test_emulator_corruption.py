"""Whatever words and bytes are flipped, the emulated NPU ends with a result or with DeviceLost, and soon."""

import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from npu_hal.api.errors import DeviceLost
from npu_hal_etnaviv.emulator.emulated_interface import open_emulator
from npu_hal_etnaviv.emulator.emulated_npu import EmulatedNpu
from npu_hal_etnaviv.emulator.memory import SubmittedBuffer
from tests.etnaviv.golden_replay import GoldenReplay

MODELS = ("g_conv_14x14_k3_i3_o9_s2_same", "g_dw_8x8_k3_i32_o32_s2_same", "g_concat2_conv")
ROUNDS = 150
# Of the process itself, so that a busy machine does not matter.
SECONDS_EACH = 20.0
MEMORY = 3 << 30


@contextmanager
def limited_memory() -> Iterator[None]:
    """Let allocations fail that would take the process some gigabytes beyond where it is."""
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    limits = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, limits)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("chip", ["a311d", "imx8mp"])
def test_corruption_ends_in_a_result_or_a_fault(shared: Path, chip: str, model: str) -> None:
    path = shared / "golden" / chip / f"{model}.json"
    random = np.random.default_rng(len(model))
    faults = 0
    with limited_memory(), open_emulator(chip) as kernel:
        jobs = GoldenReplay(path, kernel)
        npu = EmulatedNpu(kernel.core)
        pristine = {name: buffer.data.copy() for name, buffer in jobs.buffers.items()}
        for _ in range(ROUNDS):
            for name, data in pristine.items():
                jobs.buffers[name].data[:] = data
            submit = jobs.submits()[1]
            corrupt(jobs, submit.words, random)
            listed = [
                SubmittedBuffer(buffer.handle, buffer.address, buffer.data, access) for buffer, access in submit.buffers
            ]
            started = time.process_time()
            try:
                npu.run(submit.words, listed)
            except DeviceLost:
                faults += 1
            assert time.process_time() - started < SECONDS_EACH
    assert faults > ROUNDS // 4


def corrupt(jobs: GoldenReplay, words: np.ndarray, random: np.random.Generator) -> None:
    """Flip one to three bits, or replace a word, in the stream, a config or the coefficients."""
    names = [name for name in jobs.buffers if "config" in name or "coefficients" in name]
    for _ in range(random.integers(1, 4)):
        if random.random() < 0.25:
            target = words
        else:
            name = names[random.integers(len(names))]
            size = 34 * 4 if "config" in name else 512
            target = jobs.buffers[name].data[:size].view("<u4")
        index = random.integers(len(target))
        if random.random() < 0.5:
            target[index] ^= np.uint32(1 << int(random.integers(32)))
        else:
            target[index] = random.integers(1 << 32, dtype=np.uint32)
