"""Several threads, each with an interpreter, on one delegate or one each."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ai_edge_litert.interpreter import load_delegate

import teflon

from .runtime import chain_model, expected, open_model, random_inputs, run

THREADS = 4
INVOKES = 250


def work(delegate: Any, number: int) -> None:
    """Compare `INVOKES` results with what the reference kernels gave for the same inputs."""
    model = chain_model()
    interpreter = open_model(model, delegate)
    interpreter.allocate_tensors()
    cases = []
    for case in range(5):
        inputs = random_inputs(interpreter, seed=100 * number + case)
        cases.append((inputs, expected(model, inputs)[0]))
    for turn in range(INVOKES):
        inputs, theirs = cases[turn % len(cases)]
        (ours,) = run(interpreter, inputs)
        np.testing.assert_array_equal(ours, theirs)


def in_threads(delegate_of: Callable[[int], Any]) -> None:
    delegates = [delegate_of(number) for number in range(THREADS)]
    with ThreadPoolExecutor(THREADS) as pool:
        for future in [pool.submit(work, delegate, number) for number, delegate in enumerate(delegates)]:
            future.result()


def test_threads_share_a_delegate() -> None:
    with teflon.Delegate(driver="software") as delegate:
        in_threads(lambda _: delegate)


def test_threads_have_a_delegate_each() -> None:
    in_threads(lambda _: teflon.Delegate(driver="software"))


def test_threads_share_a_delegate_of_the_library(library: Path) -> None:
    delegate = load_delegate(str(library), {"driver": "software"})
    in_threads(lambda _: delegate)


@pytest.mark.parametrize("workers", [THREADS])
def test_delegates_are_made_at_the_same_time(library: Path, workers: int) -> None:
    def make(number: int) -> int:
        for _ in range(5):
            interpreter = open_model(chain_model(), load_delegate(str(library), {"driver": "software"}))
            interpreter.allocate_tensors()
            interpreter.invoke()
        return number

    with ThreadPoolExecutor(workers) as pool:
        assert list(pool.map(make, range(workers))) == list(range(workers))
