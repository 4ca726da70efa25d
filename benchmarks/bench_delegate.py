"""What the delegate costs per inference: a subgraph that does nothing, next to an operator of TensorFlow Lite's own.

Run as a script. The model is one RESHAPE; the delegated kernel still has its tensors' addresses checked, and hands
views of them to a subgraph that ignores them. The two are measured in turns, so that a busy machine hits both.
"""

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from ai_edge_litert.interpreter import Interpreter, OpResolverType

import teflon
from npu_hal.api import DType, GraphBuilder, Quantization, Reshape
from npu_hal.registry import Registry
from tests.core.plugins import ExampleDriver, entry_point, plugin
from tests.tflite_models import write_model


def reshape_model() -> bytes:
    """One RESHAPE of 16 bytes."""
    builder = GraphBuilder("reshape")
    quantization = Quantization.per_tensor(1.0, 0)
    x = builder.input("x", (1, 16), DType.UINT8, quantization)
    y = builder.tensor("y", DType.UINT8, quantization)
    builder.append(Reshape(input=x, output=y, shape=(4, 4)))
    return write_model(builder.build(outputs=[y]))


def measure(calls: Mapping[str, Callable[[], None]], rounds: int, per_round: int) -> dict[str, list[float]]:
    """Microseconds per call, one figure a round and contender."""
    figures: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(rounds):
        for name, call in calls.items():
            start = time.perf_counter_ns()
            for _ in range(per_round):
                call()
            figures[name].append((time.perf_counter_ns() - start) / per_round / 1e3)
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--per-round", type=int, default=1000)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()

    # Its subgraphs do nothing.
    driver = ExampleDriver("nothing", kinds=frozenset({"RESHAPE"}))
    registry = Registry([entry_point("nothing", lambda: plugin(driver))])
    model = reshape_model()
    ours = Interpreter(
        model_content=model, experimental_delegates=[teflon.Delegate(driver="nothing", registry=registry)]
    )
    theirs = Interpreter(
        model_content=model, experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    )
    for interpreter in (ours, theirs):
        interpreter.allocate_tensors()
    calls = {"delegate, empty kernel": ours.invoke, "TensorFlow Lite, RESHAPE": theirs.invoke}
    measure(calls, 5, arguments.per_round)
    figures = measure(calls, arguments.rounds, arguments.per_round)

    result = {
        name: {"minimum_us": round(min(values), 3), "median_us": round(statistics.median(values), 3)}
        for name, values in figures.items()
    }
    if arguments.json:
        print(json.dumps(result))
        return
    for name, row in result.items():
        print(f"{name:<28} minimum {row['minimum_us']:6.2f} us   median {row['median_us']:6.2f} us")


if __name__ == "__main__":
    main()
