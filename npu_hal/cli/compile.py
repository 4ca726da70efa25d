"""``npu-hal compile``: what a driver makes of a model."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from time import perf_counter
from typing import Annotated, Any, Protocol, runtime_checkable

import numpy as np
import typer

from npu_hal.api import Device, Graph, Subgraph
from npu_hal.cli.key_value import parse_options
from npu_hal.cli.printing import console, print_json, table
from npu_hal.partitioner import Partitioning, partition
from npu_hal.selection import open_device
from npu_hal.tflite.reader import read_model


@runtime_checkable
class Reporting(Protocol):
    """What a subgraph of a driver that tells how it compiles has besides the interface.

    The report is made of what JSON has: numbers, texts, lists and mappings by text. A list of mappings is shown as a
    table.
    """

    def report(self) -> Mapping[str, object]:
        """What the graph was compiled to."""


def compile_model(
    model_file: Annotated[Path, typer.Argument(metavar="MODEL", help="A .tflite file.")],
    driver: Annotated[str | None, typer.Option(metavar="NAME", help="The driver; see npu-hal devices.")] = None,
    device: Annotated[str | None, typer.Option(metavar="NAME", help="The driver's device.")] = None,
    option: Annotated[list[str] | None, typer.Option(metavar="KEY=VALUE", help="An option of the driver.")] = None,
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
        return {
            "operations": list(positions),
            "compile_ms": round(seconds * 1e3, 3),
            "report": dict(subgraph.report()) if isinstance(subgraph, Reporting) else None,
        }


def _run_on_zeros(graph: Graph, subgraph: Subgraph) -> None:
    subgraph.invoke([np.zeros(tensor.shape, tensor.dtype.numpy) for tensor in graph.input_tensors])
    subgraph.read_outputs([np.empty(tensor.shape, tensor.dtype.numpy) for tensor in graph.output_tensors])


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
            _print_mapping(part["report"])


def _print_mapping(report: Mapping[str, object]) -> None:
    for name, value in report.items():
        if isinstance(value, Mapping):
            console().print(f"{name}: " + ", ".join(f"{key} {entry}" for key, entry in value.items()))
        elif isinstance(value, Sequence) and value and all(isinstance(row, Mapping) for row in value):
            _print_rows(value)
        else:
            console().print(f"{name}: {value}")


def _print_rows(rows: Sequence[Mapping[str, object]]) -> None:
    """One table; a row that lacks a column leaves it empty."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    numeric = {name: all(isinstance(row.get(name, 0), int | float) for row in rows) for name in names}
    shown = table(*(f"{name} " if numeric[name] else name for name in names))
    for row in rows:
        shown.add_row(*(_cell(row.get(name, "")) for name in names))
    console().print(shown)


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else ""
    if isinstance(value, list):
        return "x".join(str(entry) for entry in value)
    return str(value)
