"""Write docs/models.md: every shared model on the CPU driver and on emulated NPUs, next to TensorFlow Lite.

Run as a script from a checkout; the models are those of the shared reference material (NPU_HAL_SHARED names it).
Arguments are paths of models relative to its folder of models; all of them if there are none. Nothing else should be
running: times are measured.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from ai_edge_litert.interpreter import Interpreter, OpResolverType

from npu_hal.api import Array, NpuHalError, UnsupportedOperation
from npu_hal.multiply_accumulates import multiply_accumulates
from npu_hal.partitioner import partition
from npu_hal.registry import default_registry
from npu_hal.stateful import ModelExecutor
from npu_hal.tflite import Model, read_model
from tests.conftest import shared_folder
from tests.litert import reference_interpreter, run_interpreter
from tests.models.shared_models import model_paths, random_inputs, readable_bytes

DOCUMENT = Path(__file__).resolve().parent.parent / "docs" / "models.md"

INTRODUCTION = """\
# Models

Every model of the shared reference material, by class, on random inputs.

"exactness" compares the software driver with TensorFlow Lite's reference kernels (BUILTIN_REF): "identical", or the
largest difference of float outputs. Models that keep state run several inferences. Times are the least of some
inferences in ms with one thread, taken in turns on one machine: npu-hal's software driver, TensorFlow Lite's own
kernels (BUILTIN_WITHOUT_DEFAULT_DELEGATES), and XNNPACK, its default; each called from Python, from inputs in numpy
arrays to outputs in numpy arrays. For each NPU the share of the model's operations
and of its multiply-accumulates that run on it, and in how many partitions; the rest runs on the CPU. The NPUs are
emulated: nothing here ran on a chip. `tools/make_models_table.py` writes this file.
"""

# Column title, driver, device; those that are not installed are left out.
NPUS = (("A311D", "etnaviv", "emulator:a311d"), ("i.MX 8M Plus", "etnaviv", "emulator:imx8mp"))
RUNTIMES = {
    "LiteRT ms": OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
    "XNNPACK ms": OpResolverType.BUILTIN,
}
SECONDS_PER_CONTENDER = 2.0
MAX_RUNS = 200

Run = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Row:
    """One model's line; `problem` if npu-hal cannot run it."""

    model: str
    model_class: str
    operations: str = ""
    exactness: str = ""
    times: tuple[str, ...] = ()
    npus: tuple[str, ...] = ()
    problem: str = ""


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("models", nargs="*", help="paths such as pose/movenet_single_pose_lightning_ptq.tflite")
    chosen: Sequence[str] = parser.parse_args().models or model_paths()
    folder = shared_folder() / "models"
    npus = [npu for npu in NPUS if npu[1] in default_registry().drivers]
    rows = []
    for path in chosen:
        print(path, flush=True)
        rows.append(describe(folder, path, npus))
    DOCUMENT.write_text(document(rows, [title for title, _, _ in npus]), encoding="utf-8")
    print(DOCUMENT)


def describe(folder: Path, path: str, npus: Sequence[tuple[str, str, str]]) -> Row:
    """The line of one model."""
    model_class, name = Path(path).parts[0], Path(path).stem
    try:
        model = read_model(folder / path)
    except UnsupportedOperation as error:
        return Row(name, model_class, problem=str(error))
    kinds = Counter(str(operation.kind) for operation in model.graph.operations)
    data = readable_bytes(folder / path)
    return Row(
        name,
        model_class,
        operations=f"{len(model.graph.operations)}: {', '.join(kind for kind, _ in kinds.most_common(4))}"
        + (", .." if len(kinds) > 4 else ""),
        exactness=exactness(model, data),
        times=times(model, data),
        npus=tuple(share(model, driver, device) for _, driver, device in npus),
    )


def exactness(model: Model, data: bytes) -> str:
    """How the software driver's outputs compare with those of the reference kernels."""
    interpreter = reference_interpreter(data, threads=2)
    largest = 0.0
    with ModelExecutor.open(model, "software") as executor:
        for inputs in random_inputs(model.input_tensors, bool(model.states)):
            for result, expected in zip(executor.run(inputs), run_interpreter(interpreter, inputs), strict=True):
                if result.dtype.kind == "f":
                    largest = max(largest, float(np.max(np.abs(result - expected), initial=0.0)))
                elif not np.array_equal(result, expected):
                    return f"{np.mean(result != expected):.2%} of a quantised output differ"
    return f"{largest:.1e}" if largest else "identical"


def times(model: Model, data: bytes) -> tuple[str, ...]:
    """Least times in ms of npu-hal and each runtime, then npu-hal's as a multiple of the runtimes'."""
    (inputs, *_) = random_inputs(model.input_tensors, has_state=False)
    options = {"threads": "1"} if _has_option("threads") else {}
    with ModelExecutor.open(model, "software", options=options) as executor:
        outputs: list[Array] = [np.empty(tensor.shape, tensor.dtype.numpy) for tensor in model.output_tensors]
        contenders: list[Run] = [lambda: executor.run(inputs, outputs)]
        contenders += [_runtime(data, resolver, inputs) for resolver in RUNTIMES.values()]
        ours, *theirs = _least_times(contenders)
    return (
        *(_milliseconds(seconds) for seconds in (ours, *theirs)),
        *(f"{ours / seconds:.2f}" for seconds in theirs),
    )


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1e3:.{2 if seconds > 1e-4 else 4}f}"


def _has_option(name: str) -> bool:
    return any(option.name == name for option in default_registry().get("software").options)


def _runtime(data: bytes, resolver: OpResolverType, inputs: Sequence[Array]) -> Run:
    interpreter: Any = Interpreter(model_content=data, num_threads=1, experimental_op_resolver_type=resolver)
    interpreter.allocate_tensors()
    given = [(detail["index"], array) for detail, array in zip(interpreter.get_input_details(), inputs, strict=True)]
    wanted = [detail["index"] for detail in interpreter.get_output_details()]

    def run() -> None:
        for index, array in given:
            interpreter.set_tensor(index, array)
        interpreter.invoke()
        for index in wanted:
            interpreter.get_tensor(index)

    return run


def _least_times(contenders: Sequence[Run]) -> list[float]:
    """Seconds of the fastest run of each; they take turns, so that what else the machine does meets all of them."""
    least = [float("inf")] * len(contenders)
    for run in contenders:
        run()
    started = perf_counter()
    for _ in range(MAX_RUNS):
        for index, run in enumerate(contenders):
            before = perf_counter()
            run()
            least[index] = min(least[index], perf_counter() - before)
        if perf_counter() - started > SECONDS_PER_CONTENDER * len(contenders):
            break
    return least


def share(model: Model, driver: str, device: str) -> str:
    """How much of the model a device takes."""
    graph = model.graph
    try:
        with default_registry().get(driver).open(device) as opened:
            partitions = partition(graph, opened).partitions
    except NpuHalError as error:
        return str(error)
    taken = [position for positions in partitions for position in positions]
    macs = [multiply_accumulates(operation, graph.tensors) for operation in graph.operations]
    sums = sum(macs[position] for position in taken) / max(sum(macs), 1)
    return f"{len(taken) / len(graph.operations):.0%} / {sums:.0%} in {len(partitions)}"


def document(rows: Sequence[Row], npus: Sequence[str]) -> str:
    """The whole file."""
    columns = (
        "model",
        "class",
        "operations",
        "exactness",
        "npu-hal ms",
        *RUNTIMES,
        *(f"against {title.removesuffix(' ms')}" for title in RUNTIMES),
        *npus,
    )
    lines = ["| " + " | ".join(columns) + " |", "|---" * len(columns) + "|"]
    for row in rows:
        cells = (row.model, row.model_class, row.operations, row.exactness, *row.times, *row.npus)
        if row.problem:
            cells = (row.model, row.model_class, "not run, see below", *("",) * (len(columns) - 3))
        lines.append("| " + " | ".join(cells) + " |")
    problems = [f" * {row.model}: {row.problem}" for row in rows if row.problem]
    if problems:
        lines += ["", "Not run:", "", *problems]
    return "\n".join([INTRODUCTION, *lines, *_medians(rows), ""])


def _medians(rows: Sequence[Row]) -> list[str]:
    ratios = [[float(ratio) for ratio in row.times[-len(RUNTIMES) :]] for row in rows if row.times]
    if not ratios:
        return []
    medians = np.median(np.array(ratios), axis=0)
    told = ", ".join(
        f"{median:.2f} of {title.removesuffix(' ms')}'s" for title, median in zip(RUNTIMES, medians, strict=True)
    )
    return ["", f"Median time of npu-hal over these models: {told}."]


if __name__ == "__main__":
    main()
