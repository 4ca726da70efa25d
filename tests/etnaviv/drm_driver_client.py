"""Run below the shim: a process that uses the driver on a render node, for each fault in turn.

Prints one JSON object: for each fault given on the command line, the exception or "ok", whether outputs were those of
the emulator, and what was leaked.
"""

import gc
import json
import os
import sys

from npu_hal.api import NpuHalError
from npu_hal_etnaviv.driver import EtnavivDriver
from npu_hal_etnaviv.kernel.drm import ioctl
from tests.etnaviv.drm_client import buffer_mappings, open_descriptors
from tests.etnaviv.graphs import convolution_graph, depthwise_graph, random_inputs
from tests.etnaviv.running import run_on

GRAPHS = (
    convolution_graph((1, 12, 11, 3), 5, 3, stride_height=2, stride_width=2),
    depthwise_graph((1, 9, 10, 12)),
)


def outputs_on(device_name: str | None) -> list[list[int]]:
    with EtnavivDriver().open(device_name) as device:
        return [run_on(device, graph, random_inputs(graph))[0].reshape(-1).tolist() for graph in GRAPHS]


def attempt(fault: str, expected: list[list[int]]) -> dict[str, object]:
    os.environ["ETNAVIV_SHIM_FAULT"] = fault
    try:
        outcome, outputs = "ok", outputs_on(None)
    except NpuHalError as error:
        outcome, outputs = type(error).__name__, []
    finally:
        os.environ["ETNAVIV_SHIM_FAULT"] = ""
    gc.collect()
    return {"error": outcome, "right": outputs == expected}


def main(chip: str, faults: list[str]) -> None:
    ioctl.RETRY_SECONDS = 0.5
    expected = outputs_on(f"emulator:{chip}")
    probed = [info.name for info in EtnavivDriver().probe()]
    descriptors = open_descriptors()
    results: dict[str, object] = {"probed": probed}
    for fault in faults:
        result = attempt(fault, expected)
        result["leaked_descriptors"] = open_descriptors() - descriptors
        result["leaked_mappings"] = buffer_mappings()
        result["next_device_works"] = outputs_on(None) == expected
        results[fault] = result
    sys.stdout.write(json.dumps(results))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
