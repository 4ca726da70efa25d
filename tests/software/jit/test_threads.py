"""Helper threads: the same results, from several subgraphs at once, after fork, and after close."""

import multiprocessing
import os
import threading
from pathlib import Path

import numpy as np
import pytest

from npu_hal.api import Graph, InvalidOption, InvalidState
from npu_hal.tflite import read_model
from npu_hal_software.jit import create_subgraph
from npu_hal_software.jit.create import parse_threads
from npu_hal_software.jit.subgraph import JitSubgraph
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


@pytest.mark.parametrize("text", ["0", "-1", "65", "two", "", "²"])
def test_impossible_numbers_of_threads_are_refused(text: str) -> None:
    with pytest.raises(InvalidOption, match="threads cannot be"):
        parse_threads(text)
