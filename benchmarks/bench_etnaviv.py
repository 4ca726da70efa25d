"""Compile time, coefficient bytes and emulated inference time of models on the etnaviv driver.

Run as a script from a checkout; the models are those of the shared reference material (NPU_HAL_SHARED names it).
Each figure is the least of several runs, and the modes take turns, so that a busy machine hits all alike.
"""

import argparse
import json
import os
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np

from npu_hal.api import Device, Graph
from npu_hal.partitioner import partition
from npu_hal.tflite.reader import read_model
from npu_hal_etnaviv.driver import EtnavivDriver
from tests.conftest import shared_folder
from tests.etnaviv.whole_models import MOBILEDET, MOBILENET_V1, MOBILENET_V2, POSENET

MODELS = (MOBILENET_V1, MOBILENET_V2, MOBILEDET, POSENET)
CHIPS = ("a311d", "imx8mp")
MODES = ("none", "mesa")


@dataclass
class Figures:
    """Of one model, chip and mode; times in seconds, over all partitions."""

    model: str
    chip: str
    compatible: str
    partitions: int
    jobs: int = 0
    coefficient_bytes: int = 0
    compile_seconds: float = float("inf")
    inference_seconds: float = float("inf")


def measure_once(graph: Graph, device: Device, figures: Figures) -> None:
    """Compile and run every partition, and keep what is less than before."""
    jobs = coefficients = 0
    compiling = running = 0.0
    for positions in partition(graph, device).partitions:
        part, _ = graph.extract(positions)
        inputs = [np.full(tensor.shape, 100, tensor.dtype.numpy) for tensor in part.input_tensors]
        outputs = [np.empty(tensor.shape, tensor.dtype.numpy) for tensor in part.output_tensors]
        start = time.perf_counter()
        with device.create_subgraph(part) as subgraph:
            compiling += time.perf_counter() - start
            report = subgraph.report()
            if report is not None:
                jobs += len(report.jobs)
                coefficients += report.memory["coefficients"]
            # The first inference decodes the coefficients.
            for _ in range(2):
                start = time.perf_counter()
                subgraph.invoke(inputs)
                subgraph.read_outputs(outputs)
                seconds = time.perf_counter() - start
            running += seconds
    figures.jobs, figures.coefficient_bytes = jobs, coefficients
    figures.compile_seconds = min(figures.compile_seconds, compiling)
    figures.inference_seconds = min(figures.inference_seconds, running)


def measure(path: Path, name: str, rounds: int) -> list[Figures]:
    graph = read_model(path).graph
    driver = EtnavivDriver()
    devices = {(chip, mode): driver.open(f"emulator:{chip}", {"compatible": mode}) for chip in CHIPS for mode in MODES}
    figures = {
        (chip, mode): Figures(name, chip, mode, len(partition(graph, device).partitions))
        for (chip, mode), device in devices.items()
    }
    for _ in range(rounds):
        for key, device in devices.items():
            measure_once(graph, device, figures[key])
    for device in devices.values():
        device.close()
    return list(figures.values())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="runs of which the least counts")
    parser.add_argument("--json", action="store_true", help="print JSON")
    arguments = parser.parse_args()
    models = shared_folder() / "models"
    found = [figures for model in MODELS for figures in measure(models / model.path, model.name, arguments.rounds)]
    if arguments.json:
        print(json.dumps([asdict(figures) for figures in found], indent=2))
        return
    print(f"{'model':44}{'chip':8}{'mode':6}{'parts':>6}{'jobs':>6}{'coefficients':>14}{'compile s':>11}{'infer s':>9}")
    for f in found:
        print(
            f"{f.model:44}{f.chip:8}{f.compatible:6}{f.partitions:6}{f.jobs:6}{f.coefficient_bytes:14,}"
            f"{f.compile_seconds:11.3f}{f.inference_seconds:9.3f}"
        )


if __name__ == "__main__":
    main()
