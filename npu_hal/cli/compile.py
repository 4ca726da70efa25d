"""``npu-hal compile``: what a driver makes of a model."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from time import perf_counter
from typing import Annotated, Any

import numpy as np
import typer

from npu_hal.api import Device, Graph, JobReport, Subgraph, SubgraphReport
from npu_hal.cli.choices import DeviceChoice, DriverChoice, OptionChoices
from npu_hal.cli.key_value import parse_options
from npu_hal.cli.printing import console, print_json, table
from npu_hal.partitioner import Partitioning, partition
from npu_hal.selection import open_device
from npu_hal.tflite.reader import read_model


def compile_model(
    model_file: Annotated[Path, typer.Argument(metavar="MODEL", help="A .tflite file.")],
    driver: DriverChoice = None,
    device: DeviceChoice = None,
    option: OptionChoices = None,
    dump: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Run each partition once, on zeros, and write what the driver submits into DIR: as --option dump=DIR.",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Compile MODEL and print what the driver tells of each partition."""
    options = parse_options([*(option or []), *([f"dump={dump}"] if dump is not None else [])])
    graph = read_model(model_file).graph
    with open_device(driver, device, options) as opened:
        partitioning = partition(graph, opened)
        report = {
            "model": str(model_file),
            "device": opened.info.name,
            "operations": len(graph.operations),
            "refusals": _refusals(graph, partitioning),
            "partitions": [
                _compile_partition(graph, positions, opened, run=dump is not None)
                for positions in partitioning.partitions
            ],
        }
    if as_json:
        print_json(report)
    else:
        _print(report)


def _refusals(graph: Graph, partitioning: Partitioning) -> list[dict[str, Any]]:
    return [
        {"operation": position, "kind": graph.operations[position].kind, "reason": reason}
        for position, reason in sorted(partitioning.refusals.items())
    ]


def _compile_partition(graph: Graph, positions: Sequence[int], device: Device, *, run: bool) -> dict[str, Any]:
    part, _ = graph.extract(positions)
    started = perf_counter()
    with device.create_subgraph(part) as subgraph:
        seconds = perf_counter() - started
        if run:
            _run_on_zeros(part, subgraph)
        report = subgraph.report()
    return {
        "operations": list(positions),
        "compile_ms": round(seconds * 1e3, 3),
        "report": None if report is None else _report(report, positions),
    }


def _run_on_zeros(graph: Graph, subgraph: Subgraph) -> None:
    subgraph.invoke([np.zeros(tensor.shape, tensor.dtype.numpy) for tensor in graph.input_tensors])
    subgraph.read_outputs([np.empty(tensor.shape, tensor.dtype.numpy) for tensor in graph.output_tensors])


def _report(report: SubgraphReport, positions: Sequence[int]) -> dict[str, Any]:
    return {
        "jobs": [_job(job, positions) for job in report.jobs],
        "memory": dict(report.memory),
        "estimate": report.estimate,
    }


def _job(job: JobReport, positions: Sequence[int]) -> dict[str, Any]:
    """A job; its operations by their positions in the whole model. `ratio` is of coded to raw coefficient bytes."""
    ratio = job.coefficient_bytes / job.raw_coefficient_bytes if job.raw_coefficient_bytes else None
    return {
        "unit": job.unit,
        "name": job.name,
        "operations": [positions[operation] for operation in job.operations],
        "macs": job.macs,
        "input_bytes": job.input_bytes,
        "output_bytes": job.output_bytes,
        "coefficient_bytes": job.coefficient_bytes,
        "ratio": None if ratio is None else round(ratio, 3),
        "sram_bytes": job.sram_bytes,
        "estimated_ms": None if job.estimated_seconds is None else round(job.estimated_seconds * 1e3, 4),
        "details": dict(job.details),
    }


def _print(report: Mapping[str, Any]) -> None:
    out = console()
    if report["refusals"]:
        refusals = table("not on the device ", "kind", "reason")
        for refusal in report["refusals"]:
            refusals.add_row(str(refusal["operation"]), refusal["kind"], refusal["reason"])
        out.print(refusals)
    for number, part in enumerate(report["partitions"]):
        taken = len(part["operations"])
        out.print(
            f"\npartition {number}: {taken} of {report['operations']} operations on {report['device']}, "
            f"compiled in {part['compile_ms']:.1f} ms"
        )
        if part["report"] is None:
            out.print("the driver tells no more of it")
        else:
            _print_partition(part["report"])


def _print_partition(report: Mapping[str, Any]) -> None:
    details = list(dict.fromkeys(name for job in report["jobs"] for name in job["details"]))
    jobs = table("job", "operation ", "makes", *details, "coefficients ", "ratio ", "SRAM ", "estimated ms ")
    for job in report["jobs"]:
        jobs.add_row(
            job["unit"],
            ", ".join(str(operation) for operation in job["operations"]),
            job["name"],
            *(job["details"].get(name, "") for name in details),
            *(_cell(job[name]) for name in ("coefficient_bytes", "ratio", "sram_bytes", "estimated_ms")),
        )
    out = console()
    out.print(jobs)
    out.print("memory: " + ", ".join(f"{name} {size}" for name, size in report["memory"].items()))
    if report["estimate"]:
        out.print(f"estimates: {report['estimate']}")


def _cell(number: float | None) -> str:
    return str(number) if number else ""
