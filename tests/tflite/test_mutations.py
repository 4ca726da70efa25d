"""However a file is damaged, reading it gives a graph or one of the interface's errors, in little time and memory."""

import random
import time
import tracemalloc
from collections import Counter
from pathlib import Path

import pytest

from npu_hal.api import InvalidModel, UnsupportedOperation
from npu_hal.tflite import read_model

from ..conftest import shared_folder
from ..tflite_models import write_model
from .graphs import GRAPHS, small_graph
from .mutations import Victim, mutate

# Of the reading process itself, so that a busy machine does not matter.
MAX_SECONDS = 2.0
# Python's objects for a table are some 40 times as big as the table; constants stay where they are.
MAX_MEMORY_PER_BYTE = 64
MAX_MEMORY_BASE = 4 << 20


def outcome(data: bytes) -> str:
    """Read a model that may be damaged; the name of what came of it. Any other exception is the test's failure."""
    started = time.process_time()
    try:
        result: object = read_model(data).graph
    except (InvalidModel, UnsupportedOperation) as error:
        result = error
    assert time.process_time() - started < MAX_SECONDS
    return type(result).__name__


def read_damaged(models: list[Victim], seeds: range) -> Counter[str]:
    """Read a randomly damaged model for each seed; how often each outcome came."""
    outcomes: Counter[str] = Counter()
    for seed in seeds:
        rng = random.Random(seed)
        data, mutation = mutate(rng, rng.choice(models))
        try:
            outcomes[outcome(data)] += 1
        except Exception as error:
            error.add_note(f"seed {seed}, {mutation}")
            raise
    return outcomes


@pytest.fixture(scope="module")
def small_models() -> list[Victim]:
    return [Victim.of(write_model(small_graph(name))) for name in GRAPHS]


@pytest.fixture(scope="module")
def real_models(shared: Path) -> list[Victim]:
    """Models of all classes, and every eighth of the single layers."""
    paths = sorted(shared_folder().glob("models/*/*.tflite"))
    chosen = [path for path in paths if path.parent.name not in ("layers", "generated")] + paths[::8]
    return [Victim.of(path.read_bytes()) for path in chosen]


def test_damaged_small_models(small_models: list[Victim]) -> None:
    outcomes = read_damaged(small_models, range(1000))
    assert outcomes.keys() == {"Graph", "InvalidModel", "UnsupportedOperation"}


def test_damaged_real_models(real_models: list[Victim]) -> None:
    outcomes = read_damaged(real_models, range(2000))
    assert outcomes.keys() == {"Graph", "InvalidModel", "UnsupportedOperation"}


def test_reading_damaged_models_takes_little_memory(small_models: list[Victim]) -> None:
    outcome(small_models[0].data)
    tracemalloc.start()
    try:
        for seed in range(200):
            rng = random.Random(seed)
            data, _ = mutate(rng, rng.choice(small_models))
            tracemalloc.reset_peak()
            before = tracemalloc.get_traced_memory()[0]
            outcome(data)
            peak = tracemalloc.get_traced_memory()[1] - before
            assert peak < MAX_MEMORY_BASE + MAX_MEMORY_PER_BYTE * len(data)
    finally:
        tracemalloc.stop()
