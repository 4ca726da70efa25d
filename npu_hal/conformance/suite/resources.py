"""Resources: what is closed is given back."""

import gc
import os
from pathlib import Path

import pytest

from npu_hal.conformance.case import Case
from npu_hal.conformance.suite.running import run
from npu_hal.conformance.target import Target

_resources = pytest.mark.npu_capability("resources")

_CYCLES = 40
# Allocators keep some of what they got; a leak of the smallest case's buffers would show above this.
_ALLOWED_GROWTH = 4 << 20


@_resources
def test_what_is_closed_leaves_nothing_behind(conformance_target: Target, supported_case: Case) -> None:
    """Descriptors and memory after many devices and subgraphs are those after a few."""

    def cycle() -> None:
        with (
            conformance_target.open() as device,
            device.create_subgraph(supported_case.graph) as subgraph,
        ):
            run(subgraph, supported_case)

    for _ in range(5):
        cycle()
    gc.collect()
    descriptors, memory = _open_descriptors(), _resident_bytes()
    for _ in range(_CYCLES):
        cycle()
    gc.collect()
    assert _open_descriptors() <= descriptors, "file descriptors stay open"
    assert _resident_bytes() - memory <= _ALLOWED_GROWTH, "memory grows"


def _open_descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def _resident_bytes() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")
