"""Helper threads: the same results, from several subgraphs at once, after fork, and after close."""

import multiprocessing
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from npu_hal.api import Array, DType, Graph, GraphBuilder, InvalidOption, InvalidState, Neg
from npu_hal.tflite import read_model
from npu_hal_software.jit import compiler, create_subgraph
from npu_hal_software.jit.create import parse_threads
from npu_hal_software.jit.subgraph import JitSubgraph
from npu_hal_software.jit.tiers import choose_tier
from npu_hal_software.reference.kernel import Definition
from tests.software.jit.test_models import random_inputs

INVOKES = 2000
MODEL = "classification/mobilenet_v1_0.25_128_quant"


def read(shared: Path, name: str = MODEL) -> Graph:
    return read_model((shared / "models" / f"{name}.tflite").read_bytes()).graph


def outputs_of(subgraph: JitSubgraph, graph: Graph, seed: int) -> bytes:
    outputs = [np.empty(tensor.shape, tensor.dtype.numpy) for tensor in graph.output_tensors]
    subgraph.invoke(random_inputs(graph, seed))
    subgraph.read_outputs(outputs)
    return b"".join(array.tobytes() for array in outputs)


def test_two_threads_never_differ_from_one(shared: Path) -> None:
    graph = read(shared)
    with create_subgraph(graph, {"threads": "1"}) as alone, create_subgraph(graph, {"threads": "2"}) as together:
        for seed in range(INVOKES):
            assert outputs_of(together, graph, seed) == outputs_of(alone, graph, seed)


def test_more_threads_than_cores(shared: Path) -> None:
    graph = read(shared)
    with create_subgraph(graph, {"threads": "1"}) as alone, create_subgraph(graph, {"threads": "5"}) as together:
        for seed in range(20):
            assert outputs_of(together, graph, seed) == outputs_of(alone, graph, seed)


def test_several_subgraphs_at_once(shared: Path) -> None:
    graph = read(shared)
    with create_subgraph(graph, {"threads": "1"}) as alone:
        expected = [outputs_of(alone, graph, seed) for seed in range(10)]
    failures: list[int] = []

    def work() -> None:
        with create_subgraph(graph, {"threads": "2"}) as subgraph:
            failures.extend(s for s in range(10) for _ in range(10) if outputs_of(subgraph, graph, s) != expected[s])

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert not failures


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_child_of_fork_runs_on(shared: Path) -> None:
    graph = read(shared)
    with create_subgraph(graph, {"threads": "2"}) as subgraph:
        expected = outputs_of(subgraph, graph, 1)

        def child() -> None:
            os._exit(0 if outputs_of(subgraph, graph, 1) == expected else 1)

        process = multiprocessing.get_context("fork").Process(target=child)
        process.start()
        process.join(timeout=60)
        assert process.exitcode == 0
        assert outputs_of(subgraph, graph, 1) == expected


def test_close_ends_the_helpers(shared: Path) -> None:
    graph = read(shared)
    before = threading.active_count()
    subgraph = create_subgraph(graph, {"threads": "3"})
    outputs_of(subgraph, graph, 1)
    assert threading.active_count() == before + 2
    subgraph.close()
    assert threading.active_count() == before
    with pytest.raises(InvalidState, match="closed"):
        subgraph.invoke(random_inputs(graph, 1))


def test_outputs_are_read_once_for_each_invocation(shared: Path) -> None:
    graph = read(shared)
    with create_subgraph(graph, {"threads": "1"}) as subgraph:
        outputs_of(subgraph, graph, 1)
        with pytest.raises(InvalidState, match="invoke"):
            subgraph.read_outputs([np.empty(t.shape, t.dtype.numpy) for t in graph.output_tensors])


def test_the_default_is_the_affinity_mask() -> None:
    assert parse_threads("auto") == len(os.sched_getaffinity(0))


@pytest.mark.parametrize("text", ["0", "-1", "65", "two", "", "²", "9" * 5000])
def test_impossible_numbers_of_threads_are_refused(text: str) -> None:
    with pytest.raises(InvalidOption, match="threads cannot be"):
        parse_threads(text)


def forked(work: Callable[[], None]) -> int | None:
    """The exit code of a child of this process that does `work`."""
    process = multiprocessing.get_context("fork").Process(target=work)
    process.start()
    process.join(timeout=30)
    if process.is_alive():
        process.kill()
        process.join()
    return process.exitcode


class Pause:
    """Stops a thread of this process, but none of its children's, until it is told to go on."""

    def __init__(self) -> None:
        self._process = os.getpid()
        self._reached, self._over = threading.Event(), threading.Event()

    def here(self) -> None:
        """Where the thread stops."""
        if os.getpid() == self._process:
            self._reached.set()
            self._over.wait()

    @contextmanager
    def of(self, work: Callable[[], object]) -> Iterator[None]:
        """Have a thread do `work`, which stops for as long as the context lasts."""
        thread = threading.Thread(target=work)
        thread.start()
        self._reached.wait()
        try:
            yield
        finally:
            self._over.set()
            thread.join()


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_child_of_fork_runs_what_another_thread_was_running(monkeypatch: pytest.MonkeyPatch) -> None:
    pause = Pause()

    def negate(inputs: Sequence[Array], outputs: Sequence[Array]) -> None:
        pause.here()
        np.negative(inputs[0], out=outputs[0])

    definition = Definition(lambda operation, tensors: negate)
    monkeypatch.setattr("npu_hal_software.reference.compilation.find_definition", lambda kind: definition)
    builder = GraphBuilder()
    x = builder.input("x", (1, 4), DType.FLOAT32)
    y = builder.tensor("y", DType.FLOAT32)
    builder.append(Neg(input=x, output=y))
    values = np.ones((1, 4), np.float32)
    with create_subgraph(builder.build([y]), {"threads": "1"}) as subgraph:

        def infer() -> bool:
            result = np.empty_like(values)
            subgraph.invoke([values])
            subgraph.read_outputs([result])
            return bool((result == -values).all())

        with pause.of(infer):
            assert forked(lambda: os._exit(0 if infer() else 1)) == 0


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_child_of_fork_loads_kernels_that_another_thread_was_loading(monkeypatch: pytest.MonkeyPatch) -> None:
    tier = choose_tier("generic")
    kernels = compiler.load_kernels(tier, "exact")
    pause = Pause()

    def load(*_: object) -> compiler.CompiledKernels:
        pause.here()
        return kernels

    def load_and_exit() -> None:
        compiler.load_kernels(tier, "exact")
        os._exit(0)

    monkeypatch.setattr(compiler, "_loaded", {})
    monkeypatch.setattr(compiler, "_load", load)
    with pause.of(lambda: compiler.load_kernels(tier, "exact")):
        assert forked(load_and_exit) == 0


def test_threads_that_the_system_does_not_give_are_done_without(
    shared: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    graph = read(shared)
    started: list[threading.Thread] = []
    start = threading.Thread.start

    def start_two(thread: threading.Thread) -> None:
        if len(started) == 2:
            raise RuntimeError("can't start new thread")
        start(thread)
        started.append(thread)

    with create_subgraph(graph, {"threads": "1"}) as alone, create_subgraph(graph, {"threads": "5"}) as together:
        expected = outputs_of(alone, graph, 1)
        monkeypatch.setattr(threading.Thread, "start", start_two)
        for _ in range(3):
            assert outputs_of(together, graph, 1) == expected
    assert not any(thread.is_alive() for thread in started)
    assert [record.getMessage() for record in caplog.records] == [
        "inferences run on 3 threads, not 5: can't start new thread"
    ]
