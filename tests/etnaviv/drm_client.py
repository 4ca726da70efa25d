"""Run below the shim: what a process does with the DRM interface, for each fault in turn.

Prints one JSON object: for each fault given on the command line, the exception or "ok", and what was leaked.
"""

import gc
import json
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np

from npu_hal.api.errors import NpuHalError
from npu_hal_etnaviv.emulator.emulated_interface import open_emulator
from npu_hal_etnaviv.hardware.npu_core import npu_core_identified
from npu_hal_etnaviv.kernel.drm import ioctl
from npu_hal_etnaviv.kernel.drm.drm_interface import DrmInterface
from npu_hal_etnaviv.kernel.drm.render_node import NpuNode, find_nodes
from npu_hal_etnaviv.kernel.interface import Access, KernelInterface
from tests.etnaviv.golden_replay import GoldenReplay

WAIT_SECONDS = 2.0


def search() -> list[NpuNode]:
    return list(find_nodes(lambda identity: npu_core_identified(*identity) is not None).found)


def outputs_of(golden: Path, kernel: KernelInterface) -> list[list[int]]:
    jobs = GoldenReplay(golden, kernel)
    random = np.random.default_rng(3)
    for subgraph in jobs.subgraphs:
        for index in jobs.boundary(subgraph)[0]:
            tensor = jobs.tensor(subgraph, index)
            tensor[:] = random.integers(0, 256, tensor.size, np.uint8)
    for buffer in jobs.buffers.values():
        kernel.cpu_prep(buffer, Access.WRITE)
        kernel.cpu_fini(buffer)
    jobs.run(WAIT_SECONDS)
    return [
        jobs.tensor(subgraph, index).tolist() for subgraph in jobs.subgraphs for index in jobs.boundary(subgraph)[1]
    ]


def open_descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def buffer_mappings() -> int:
    return Path("/proc/self/maps").read_text().count("etnaviv-buffer")


def attempt(node: NpuNode, golden: Path) -> dict[str, Any]:
    try:
        with DrmInterface(node) as kernel:
            outputs = outputs_of(golden, kernel)
    except NpuHalError as error:
        return {"error": type(error).__name__, "message": str(error)}
    return {"error": "ok", "outputs": outputs}


def main(golden: Path, chip: str, faults: list[str]) -> None:
    ioctl.RETRY_SECONDS = 0.5
    node = search()[0]
    with open_emulator(chip) as emulator:
        expected = outputs_of(golden, emulator)
    descriptors = open_descriptors()
    results = {}
    for fault in faults:
        os.environ["ETNAVIV_SHIM_FAULT"] = fault
        result = attempt(node, golden)
        os.environ["ETNAVIV_SHIM_FAULT"] = ""
        gc.collect()
        result["leaked_descriptors"] = open_descriptors() - descriptors
        result["leaked_mappings"] = buffer_mappings()
        result["right"] = result.pop("outputs", None) == expected
        again = attempt(node, golden)
        result["next_device_works"] = again.get("outputs") == expected
        results[fault] = result
    sys.stdout.write(json.dumps(results))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3:])
