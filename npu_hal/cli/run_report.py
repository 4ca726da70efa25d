"""What ``npu-hal run`` reports: as a JSON document, and as tables made from it."""

import math
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from npu_hal.api import Array, DType, Tensor
from npu_hal.cli.printing import console, table
from npu_hal.executor import ExecutionStep, GraphExecutor
from npu_hal.tasks.labels import is_rating, real_values, top_classes
from npu_hal.tflite.model import Model


def make_report(
    model_file: Path,
    model: Model,
    executor: GraphExecutor,
    seconds: float,
    outputs: Sequence[Array],
    top: int,
    labels: tuple[str, ...] | None,
) -> dict[str, Any]:
    """The JSON document of one run that took `seconds`."""
    return {
        "model": str(model_file),
        **execution_report(executor),
        "run_ms": seconds * 1e3,
        "inputs": [
            {"name": name, "dtype": str(tensor.dtype), "shape": list(tensor.shape)}
            for name, tensor in zip(model.input_names, model.input_tensors, strict=True)
        ],
        "outputs": [
            _describe_output(name, tensor, values, top, labels)
            for name, tensor, values in zip(model.output_names, model.output_tensors, outputs, strict=True)
        ],
    }


def execution_report(executor: GraphExecutor) -> dict[str, Any]:
    """What ran where, and why not elsewhere: the fields `steps` and `refusals` of a document."""
    return {
        "steps": [_describe_step(step, executor) for step in executor.steps],
        "refusals": [
            {"operation": position, "kind": executor.graph.operations[position].kind, "reason": reason}
            for position, reason in executor.partitioning.refusals.items()
        ],
    }


def _describe_step(step: ExecutionStep, executor: GraphExecutor) -> dict[str, Any]:
    kinds = Counter(str(executor.graph.operations[position].kind) for position in step.positions)
    return {
        "driver": step.placement.driver,
        "device": step.placement.info.name,
        "operations": list(step.positions),
        "kinds": dict(kinds),
        "compile_ms": step.compile_seconds * 1e3,
        "run_ms": step.run_seconds * 1e3,
    }


def _describe_output(
    name: str, tensor: Tensor, values: Array, top: int, labels: tuple[str, ...] | None
) -> dict[str, Any]:
    """Shape, extremes and mean of the real values, and the `top` classes if it rates classes.

    Extremes and mean are None where they are not finite, and for empty and complex outputs.
    """
    described: dict[str, Any] = {"name": name, "dtype": str(tensor.dtype), "shape": list(tensor.shape)}
    has_statistics = tensor.size > 0 and tensor.dtype is not DType.COMPLEX64
    real = real_values(values, tensor) if has_statistics else None
    for statistic in ("min", "max", "mean"):
        described[statistic] = None if real is None else _finite(float(getattr(real, statistic)()))
    if is_rating(tensor):
        described["top"] = [
            {"index": rated.index, "label": rated.label, "value": _finite(rated.value), "score": _finite(rated.score)}
            for rated in top_classes(values, tensor, top, labels)
        ]
    return described


def _finite(number: float) -> float | None:
    """JSON has no infinities and no NaN."""
    return number if math.isfinite(number) else None


def print_report(report: dict[str, Any]) -> None:
    """The report as tables on stdout."""
    print_execution(report)
    out = console()
    for output in report["outputs"]:
        out.print(f"\noutput {output['name']}: {output['dtype']} {output['shape']}")
        if "top" in output:
            _print_classes(output["top"])
        else:
            out.print(f"min {_show(output['min'])}, max {_show(output['max'])}, mean {_show(output['mean'])}")


def print_execution(report: dict[str, Any]) -> None:
    """The fields of `execution_report` as tables on stdout."""
    out = console()
    steps = table("step ", "driver", "device", "operations ", "compile ms ", "run ms ")
    for number, step in enumerate(report["steps"]):
        steps.add_row(
            str(number),
            step["driver"],
            step["device"],
            str(len(step["operations"])),
            f"{step['compile_ms']:.2f}",
            f"{step['run_ms']:.2f}",
        )
    out.print(steps)
    if report["refusals"]:
        refusals = table("not on the device ", "kind", "reason")
        for refusal in report["refusals"]:
            refusals.add_row(str(refusal["operation"]), refusal["kind"], refusal["reason"])
        out.print()
        out.print(refusals)


def _print_classes(classes: Sequence[dict[str, Any]]) -> None:
    rated = table("class ", "score ", "label")
    for entry in classes:
        rated.add_row(str(entry["index"]), _show(entry["score"]), entry["label"] or "")
    console().print(rated)


def _show(number: float | None) -> str:
    return "-" if number is None else f"{number:.4f}"
