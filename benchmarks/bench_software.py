"""The software driver's machine code against LiteRT's default kernels (XNNPACK), interleaved in one process.

    python benchmarks/bench_software.py [--models FOLDER] [--rounds N] [--runs N] [MODEL...]

Prints, per model, the ratio of our time to LiteRT's at equal threads (below 1: we are faster): the median of the
rounds' ratios, each from medians of that round's runs, and the ratio of the minima over all runs. Then the share of the
machine's peak that mobilenet_v1's convolutions reach.
"""

import argparse
import os
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from npu_hal_software.jit import create_subgraph

from npu_hal.api import Array, Graph
from npu_hal.tflite import read_model

SHARED = Path(os.environ.get("NPU_HAL_SHARED", Path(__file__).resolve().parents[2] / "shared"))


@dataclass(frozen=True)
class Target:
    """A model and the ratios to LiteRT that are asked for: 1 thread exact, 1 thread xnnpack, 2 threads exact."""

    path: str
    exact: float
    xnnpack: float | None
    two_threads: float


TARGETS = (
    Target("classification/mobilenet_v1_1.0_224_quant", 0.45, None, 0.6),
    Target("classification/mobilenet_v2_1.0_224_quant", 0.6, None, 0.8),
    Target("classification/tf2_mobilenet_v2_1.0_224_ptq", 1.0, 0.8, 1.0),
    Target("detection/ssdlite_mobiledet_coco_qat_no_postprocess", 0.6, None, 0.8),
    Target("pose/posenet_mobilenet_v1_075_353_481_quant", 0.6, None, 0.8),
    Target("mlperf_tiny/pretrainedResnet_quant", 1.2, 1.0, 1.2),
    Target("mlperf_tiny/kws_ref_model", 1.2, 1.0, 1.2),
    Target("mlperf_tiny/vww_96_int8", 1.2, 1.0, 1.2),
)


def random_inputs(graph: Graph) -> list[Array]:
    generator = np.random.default_rng(0)
    inputs: list[Array] = []
    for tensor in graph.input_tensors:
        low, high = tensor.dtype.integer_range
        inputs.append(generator.integers(low, high + 1, tensor.shape).astype(tensor.dtype.numpy))
    return inputs


def contender_litert(path: Path, inputs: Sequence[Array], threads: int) -> Callable[[], Any]:
    interpreter = Interpreter(str(path), num_threads=threads)
    interpreter.allocate_tensors()
    for detail, array in zip(interpreter.get_input_details(), inputs, strict=True):
        interpreter.set_tensor(detail["index"], array)
    invoke: Callable[[], Any] = interpreter.invoke
    return invoke


def contender_jit(graph: Graph, inputs: Sequence[Array], threads: int, rounding: str) -> Callable[[], Any]:
    subgraph = create_subgraph(graph, {"threads": str(threads), "rounding": rounding})
    return lambda: subgraph.invoke(inputs)


def measure(contenders: dict[str, Callable[[], Any]], rounds: int, runs: int) -> dict[str, list[list[float]]]:
    """Seconds: per contender, per round, per run; contenders take turns within a round."""
    for run in contenders.values():
        run()
        run()
    times: dict[str, list[list[float]]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, run in contenders.items():
            samples = []
            for _ in range(runs):
                start = time.perf_counter()
                run()
                samples.append(time.perf_counter() - start)
            times[name].append(samples)
    return times


def ratio(times: dict[str, list[list[float]]], ours: str, theirs: str) -> tuple[float, float]:
    """(median of the rounds' ratios of medians, ratio of minima)."""
    pairs = zip(times[ours], times[theirs], strict=True)
    median = statistics.median(statistics.median(a) / statistics.median(b) for a, b in pairs)
    return median, min(map(min, times[ours])) / min(map(min, times[theirs]))


def milliseconds(samples: list[list[float]]) -> str:
    flat = [sample for part in samples for sample in part]
    return f"{statistics.median(flat) * 1e3:.2f}/{min(flat) * 1e3:.2f}"


def bench_model(target: Target, folder: Path, rounds: int, runs: int) -> str:
    path = folder / f"{target.path}.tflite"
    graph = read_model(path.read_bytes()).graph
    inputs = random_inputs(graph)
    contenders = {
        "litert 1": contender_litert(path, inputs, 1),
        "exact 1": contender_jit(graph, inputs, 1, "exact"),
        "xnnpack 1": contender_jit(graph, inputs, 1, "xnnpack"),
        "litert 2": contender_litert(path, inputs, 2),
        "exact 2": contender_jit(graph, inputs, 2, "exact"),
    }
    times = measure(contenders, rounds, runs)
    cells = [f"{path.stem:46s}"]
    for ours, theirs, limit in (
        ("exact 1", "litert 1", target.exact),
        ("xnnpack 1", "litert 1", target.xnnpack),
        ("exact 2", "litert 2", target.two_threads),
    ):
        median, minimum = ratio(times, ours, theirs)
        bound = "-" if limit is None else f"{limit:.2f}"
        cells.append(f"{median:5.2f} ({minimum:4.2f}) <= {bound:4s}")
    cells.append("  ".join(f"{name} {milliseconds(samples)}" for name, samples in times.items()))
    return " | ".join(cells)


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*", help="parts of model names; default: all of the table")
    parser.add_argument("--models", dest="folder", type=Path, default=SHARED / "models")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--runs", type=int, default=20)
    options = parser.parse_args(arguments)
    print("ratio ours / LiteRT: median (of minima) <= bound; times are median/minimum in ms")
    print(f"{'model':46s} | 1 thread exact | 1 thread xnnpack | 2 threads exact")
    for target in TARGETS:
        if not options.models or any(part in target.path for part in options.models):
            print(bench_model(target, options.folder, options.rounds, options.runs), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
