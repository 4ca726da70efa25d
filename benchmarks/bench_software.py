"""The software driver's machine code against LiteRT's default kernels (XNNPACK), interleaved in one process.

    python benchmarks/bench_software.py [--models FOLDER] [--rounds N] [--runs N] [MODEL...]

Prints, per model, the ratio of our time to LiteRT's at equal threads (below 1: we are faster): the median of the
rounds' ratios, each from medians of that round's runs, and the ratio of the minima over all runs. Then the share of the
machine's peak (a loop over registers, on the same core) that mobilenet_v1's convolutions reach; how long the reference
level takes; how long kernels take to compile; and, each in processes of their own, the time from start to the first
inference and the peak memory. Those processes find everything compiled, Python's bytecode and the kernels.

The share is that of CONV_2D, and that of all convolutions. A depthwise convolution's peak is another one: with 9
products per output, it is bounded by what else is done for each output, interleaving taps and requantisation.
"""

import argparse
import ctypes
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter

from npu_hal.api import Array, Conv2D, DepthwiseConv2D, Graph
from npu_hal.tflite import read_model
from npu_hal_software.driver import SoftwareDriver
from npu_hal_software.jit import create_subgraph
from npu_hal_software.jit.compiler import compile_assembly, compile_object
from npu_hal_software.jit.elf_object import load_object
from npu_hal_software.jit.ir import I64, PTR, Module, Type
from npu_hal_software.jit.tiers import Tier, choose_tier

_SETTLING_SECONDS = 0.02
SHARED = Path(os.environ.get("NPU_HAL_SHARED", Path(__file__).resolve().parents[2] / "shared"))


@dataclass(frozen=True)
class Target:
    """A model and the ratios to LiteRT that are asked for: 1 thread exact, 1 thread xnnpack, 2 threads exact."""

    path: str
    exact: float
    xnnpack: float | None
    two_threads: float
    # The model is cut behind so many operators; None: it is run whole.
    operators: int | None = None


TARGETS = (
    Target("classification/mobilenet_v1_1.0_224_quant", 0.45, None, 0.6),
    Target("classification/mobilenet_v2_1.0_224_quant", 0.6, None, 0.8),
    Target("classification/tf2_mobilenet_v2_1.0_224_ptq", 1.0, 0.8, 1.0),
    Target("detection/ssdlite_mobiledet_coco_qat_no_postprocess", 0.6, None, 0.8),
    Target("pose/posenet_mobilenet_v1_075_353_481_quant", 0.6, None, 0.8),
    # Without the last interpolations and the arg max behind the last convolution.
    Target("segmentation/deeplabv3_mnv2_dm05_pascal_quant", 0.8, None, 1.0, operators=69),
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


def read_target(target: Target, folder: Path) -> bytes:
    content = (folder / f"{target.path}.tflite").read_bytes()
    if target.operators is None:
        return content
    model = schema.ModelT.InitFromPackedBuf(content, 0)
    subgraph = model.subgraphs[0]
    del subgraph.operators[target.operators :]
    subgraph.outputs = subgraph.operators[-1].outputs
    model.signatureDefs = []
    builder = flatbuffers.Builder(len(content))
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def contender_litert(content: bytes, inputs: Sequence[Array], threads: int) -> Callable[[], Any]:
    interpreter = Interpreter(model_content=content, num_threads=threads)
    interpreter.allocate_tensors()
    for detail, array in zip(interpreter.get_input_details(), inputs, strict=True):
        interpreter.set_tensor(detail["index"], array)
    invoke: Callable[[], Any] = interpreter.invoke
    return invoke


def contender_jit(graph: Graph, inputs: Sequence[Array], threads: int, rounding: str) -> Callable[[], Any]:
    subgraph = create_subgraph(graph, {"threads": str(threads), "rounding": rounding})
    outputs = [np.empty(tensor.shape, tensor.dtype.numpy) for tensor in graph.output_tensors]

    def run() -> None:
        subgraph.invoke(inputs)
        subgraph.read_outputs(outputs)

    return run


def measure(contenders: dict[str, Callable[[], Any]], rounds: int, runs: int) -> dict[str, list[list[float]]]:
    """Seconds: per contender, per round, per run; contenders take turns within a round."""
    for run in contenders.values():
        run()
        run()
    times: dict[str, list[list[float]]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, run in contenders.items():
            # The last contender's threads may still spin; they are to be asleep, and this one's awake.
            time.sleep(_SETTLING_SECONDS)
            run()
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
    content = read_target(target, folder)
    graph = read_model(content).graph
    inputs = random_inputs(graph)
    contenders = {
        "litert 1": contender_litert(content, inputs, 1),
        "exact 1": contender_jit(graph, inputs, 1, "exact"),
        "xnnpack 1": contender_jit(graph, inputs, 1, "xnnpack"),
        "litert 2": contender_litert(content, inputs, 2),
        "exact 2": contender_jit(graph, inputs, 2, "exact"),
    }
    times = measure(contenders, rounds, runs)
    cells = [f"{Path(target.path).name:46s}"]
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


PEAK_ACCUMULATORS = 24
PEAK_ROUNDS = 200_000


def peak_loop(tier: Tier) -> Callable[[int], None]:
    """Dot products over registers alone; called with the address of an int64 for the ticks that they took."""
    module = Module()
    function = module.function("peak", {"clock": PTR, "rounds": I64}, public=True)
    vector = Type("i32", tier.lanes)
    operand = function["rounds"].convert("trunc", "i32").splat(tier.lanes)
    activations, weights = tier.prepare_activations(operand), tier.prepare_weights(operand)
    sums = [function.variable(function.value(i, vector)) for i in range(PEAK_ACCUMULATORS)]
    start = function.intrinsic("llvm.readcyclecounter", I64, ())
    with function.count(function["rounds"]):
        for total in sums:
            total.set(tier.dot(total.get(), activations, weights))
    end = function.intrinsic("llvm.readcyclecounter", I64, ())
    # The sums are used, so that the loop is not removed.
    for number, total in enumerate(sums):
        function["clock"].store(total.get().lane(0), 8 * (number + 1))
    function["clock"].store(end - start)
    loaded = load_object(compile_assembly(module.text, tier))
    native = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64)(loaded.functions["peak"])

    def run(clock: int, keep: object = loaded) -> None:
        native(clock, PEAK_ROUNDS)

    return run


def bench_peak(folder: Path, rounds: int) -> None:
    """Products per clock tick: the register loop's, and those of mobilenet_v1's records."""
    tier = choose_tier()
    loop = peak_loop(tier)
    clock = np.zeros(2 + PEAK_ACCUMULATORS, np.int64)
    graph = read_model((folder / f"{TARGETS[0].path}.tflite").read_bytes()).graph
    inputs = random_inputs(graph)
    products = {index: convolution_products(graph, index) for index in range(len(graph.operations))}
    peak = 0.0
    # The least of all rounds for each record, as the most for the peak: the others were shared with somebody.
    least: dict[int, tuple[int, str]] = {}
    with create_subgraph(graph, {"threads": "1"}) as subgraph:
        for _ in range(rounds * 4):
            loop(clock.ctypes.data)
            peak = max(peak, PEAK_ROUNDS * PEAK_ACCUMULATORS * tier.lanes * 4 / int(clock[0]))
            for record, (label, spent) in enumerate(subgraph.count_ticks(inputs)):
                least[record] = min(least.get(record, (spent, label)), (spent, label))
    print(f"tier {tier.name}: peak {peak:.0f} products per tick of the time-stamp counter, 1 thread")
    for kinds in (("CONV_2D",), ("CONV_2D", "DEPTHWISE_CONV_2D")):
        done = sum(count for index, count in products.items() if graph.operations[index].kind in kinds)
        spent = sum(ticks for ticks, label in least.values() if label.endswith(tuple(f"({kind})" for kind in kinds)))
        print(f"  mobilenet_v1's {' and '.join(kinds)}: {done / spent / peak:.0%} of the peak >= 60%")


def bench_reference(folder: Path, rounds: int) -> None:
    graph = read_model((folder / f"{TARGETS[0].path}.tflite").read_bytes()).graph
    inputs = random_inputs(graph)
    outputs: list[Array] = [np.empty(tensor.shape, tensor.dtype.numpy) for tensor in graph.output_tensors]
    with SoftwareDriver().open(options={"level": "reference"}) as device, device.create_subgraph(graph) as subgraph:
        times = []
        for _ in range(rounds):
            start = time.perf_counter()
            subgraph.invoke(inputs)
            subgraph.read_outputs(outputs)
            times.append(time.perf_counter() - start)
    print(f"mobilenet_v1 at the reference level: {statistics.median(times):.3f} s (least {min(times):.3f}) <= 0.3 s")


def convolution_products(graph: Graph, position: int) -> int:
    operation = graph.operations[position]
    if not isinstance(operation, Conv2D | DepthwiseConv2D):
        return 0
    weights, output = graph.tensors[operation.filter], graph.tensors[operation.output]
    per_output = weights.size // output.shape[3]
    return output.size * per_output


OURS = """
import time; start = time.perf_counter()
import numpy
from npu_hal.tflite import read_model
from npu_hal_software.jit import create_subgraph
graph = read_model({path!r}).graph
tensor = graph.input_tensors[0]
subgraph = create_subgraph(graph, {{"threads": "1"}})
subgraph.invoke([numpy.zeros(tensor.shape, tensor.dtype.numpy)])
subgraph.read_outputs([numpy.empty(tensor.shape, tensor.dtype.numpy) for tensor in graph.output_tensors])
memory = next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(time.perf_counter() - start, time.process_time(), memory)
"""
THEIRS = """
import time; start = time.perf_counter()
import numpy
from ai_edge_litert.interpreter import Interpreter
interpreter = Interpreter({path!r}, num_threads=1)
interpreter.allocate_tensors()
detail = interpreter.get_input_details()[0]
interpreter.set_tensor(detail["index"], numpy.zeros(detail["shape"], detail["dtype"]))
interpreter.invoke()
memory = next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(time.perf_counter() - start, time.process_time(), memory)
"""


def run_program(program: str, path: Path, bytecode: str) -> tuple[float, float, int]:
    """What the program prints: seconds, seconds of CPU time since the process began, KiB of peak memory.

    `bytecode` is a folder for compiled modules, so that a source tree is measured as an installed package.
    """
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    text = subprocess.run(
        [sys.executable, "-c", program.format(path=str(path))],
        check=True,
        capture_output=True,
        text=True,
        env=environment | {"PYTHONPYCACHEPREFIX": bytecode},
    ).stdout
    seconds, cpu_seconds, memory = text.split()
    return float(seconds), float(cpu_seconds), int(memory)


def bench_start(folder: Path, rounds: int) -> None:
    path = folder / f"{TARGETS[0].path}.tflite"
    with tempfile.TemporaryDirectory() as bytecode:
        for program in (OURS, THEIRS):
            run_program(program, path, bytecode)
        # A start takes a moment, in which whatever else the machine does weighs more than in a mean of many runs.
        pairs = [(run_program(OURS, path, bytecode), run_program(THEIRS, path, bytecode)) for _ in range(3 * rounds)]
    print("start to first inference of mobilenet_v1 with cached kernels, beyond LiteRT's: <= 0.15 s")
    for name, column in (("elapsed", 0), ("CPU time", 1)):
        ours, theirs = ([pair[side][column] for pair in pairs] for side in (0, 1))
        beyond = statistics.median(mine - other for mine, other in zip(ours, theirs, strict=True))
        print(
            f"  {name}: {beyond:.3f} s (of minima {min(ours) - min(theirs):.3f}), "
            f"LiteRT's is {statistics.median(theirs):.3f} s ({min(theirs):.3f})"
        )
    memory = statistics.median(ours[2] / theirs[2] for ours, theirs in pairs)
    print(f"peak memory: {memory:.2f} times LiteRT's {pairs[0][1][2] / 1024:.0f} MiB <= 1.3")
    times = []
    for _ in range(rounds):
        start = time.process_time()
        compile_object(choose_tier(), "exact")
        times.append(time.process_time() - start)
    print(f"compiling all kernels: {statistics.median(times):.1f} s of CPU time (least {min(times):.1f}) <= 3 s")


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
    bench_peak(options.folder, options.rounds)
    bench_reference(options.folder, options.rounds)
    bench_start(options.folder, options.rounds)


if __name__ == "__main__":
    main(sys.argv[1:])
