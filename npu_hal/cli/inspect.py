"""``npu-hal inspect``: what of a model a device runs, why not the rest, and what it costs."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from npu_hal.cli.choices import DeviceChoice, DriverChoice, OptionChoices
from npu_hal.cli.key_value import parse_options
from npu_hal.cli.printing import console, print_json, table
from npu_hal.cli.save import check_writable, save_text
from npu_hal.inspection import Inspection, Placement, inspect_model
from npu_hal.inspection.figures import show_bytes, show_count, show_positions, show_seconds, show_share
from npu_hal.inspection.html import render_page
from npu_hal.inspection.summary import as_document, placement_words, time_sentence, verdict


def inspect(
    model_file: Annotated[Path, typer.Argument(metavar="MODEL", help="A .tflite file.")],
    driver: DriverChoice = None,
    device: DeviceChoice = None,
    option: OptionChoices = None,
    runs: Annotated[
        int, typer.Option(metavar="N", min=0, help="Time each operation on the CPU in N runs; 0 does not.")
    ] = 5,
    html: Annotated[Path | None, typer.Option(metavar="OUT.html", help="Write a page with drawings.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Let --html overwrite a file.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Tell what of MODEL the device runs, why it does not run the rest, and what that costs."""
    options = parse_options(option or [])
    if html is not None:
        check_writable(html, force)
    with Console(stderr=True).status("compiling and measuring"):
        inspection = inspect_model(model_file, driver, device, options, runs)
    if html is not None:
        save_text(html, render_page(inspection), force)
    if as_json:
        print_json(as_document(inspection))
    else:
        _print(inspection)


def _print(inspection: Inspection) -> None:
    out = console()
    out.print(verdict(inspection))
    times = time_sentence(inspection)
    if times:
        out.print(f"Times: {times}.")
    if inspection.reasons:
        reasons = table("not on the device", "operations ", "share of MACs ", "which")
        for reason in inspection.reasons:
            share = show_share(reason.macs, inspection.macs)
            reasons.add_row(reason.text, str(len(reason.operations)), share, show_positions(reason.operations))
        out.print()
        out.print(reasons)
    out.print()
    out.print(_steps(inspection))
    out.print()
    out.print(_operations(inspection))
    for estimate in dict.fromkeys(step.report.estimate for step in inspection.partitions if step.report):
        if estimate:
            out.print(f"\nEstimates of the device: {estimate}.")


def _steps(inspection: Inspection) -> object:
    steps = table(
        "step ", "runs on", "operations", "bytes in ", "bytes out ", "rearranged ", "jobs ", "coded ", "time "
    )
    for step in inspection.steps:
        jobs = step.report.jobs if step.report else ()
        raw, coded = (
            sum(getattr(job, name) for job in jobs) for name in ("raw_coefficient_bytes", "coefficient_bytes")
        )
        members = [inspection.operations[position] for position in step.operations]
        measured = [operation.measured_seconds for operation in members]
        cpu = sum(seconds for seconds in measured if seconds is not None) if None not in measured else None
        where = placement_words(Placement.DEVICE, inspection) if step.on_device else "CPU or TFLite runtime"
        steps.add_row(
            str(step.number),
            f"{where}: {step.problem}" if step.problem else where,
            show_positions(step.operations),
            show_bytes(step.input_bytes),
            show_bytes(step.output_bytes),
            show_bytes(step.rearranging_bytes) if step.report else "",
            str(len(jobs)) if step.report else "",
            f"{show_bytes(coded)} ({show_share(coded, raw)})" if coded else "",
            show_seconds(step.estimated_seconds if step.on_device else cpu),
        )
    return steps


def _operations(inspection: Inspection) -> object:
    operations = table("operation ", "kind", "runs on", "MACs ", "constants ", "estimate ", "CPU ", "why not")
    for operation in inspection.operations:
        operations.add_row(
            str(operation.position),
            operation.kind,
            placement_words(operation.placement, inspection),
            show_count(operation.macs) if operation.macs else "",
            show_bytes(operation.constant_bytes) if operation.constant_bytes else "",
            show_seconds(operation.estimated_seconds),
            show_seconds(operation.measured_seconds),
            operation.reason,
        )
    return operations
