"""Threads: a subgraph each, on one device."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from npu_hal.api import Device
from npu_hal.conformance.case import Case
from npu_hal.conformance.suite.running import assert_right, run

_threads = pytest.mark.npu_capability("threads")

_THREADS = 4
_INFERENCES = 25


@_threads
def test_threads_with_a_subgraph_each_do_not_disturb_each_other(
    conformance_device: Device, supported_case: Case
) -> None:
    """Subgraphs are made, run and closed by several threads at once, and every result is right."""

    def work(_: int) -> None:
        with conformance_device.create_subgraph(supported_case.graph) as subgraph:
            for _ in range(_INFERENCES):
                assert_right(supported_case, run(subgraph, supported_case), conformance_device.tolerance)

    with ThreadPoolExecutor(_THREADS) as pool:
        list(pool.map(work, range(_THREADS)))


@_threads
def test_a_subgraph_may_move_from_thread_to_thread(conformance_device: Device, supported_case: Case) -> None:
    """The thread that runs a subgraph need not be the one that made it, nor the one that ran it before."""
    with conformance_device.create_subgraph(supported_case.graph) as subgraph:
        for _ in range(3):
            with ThreadPoolExecutor(1) as pool:
                outputs = pool.submit(run, subgraph, supported_case).result()
            assert_right(supported_case, outputs, conformance_device.tolerance)
