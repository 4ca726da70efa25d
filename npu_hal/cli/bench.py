"""``npu-hal bench``: how fast models run, on one or several drivers in turn."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from npu_hal.api import InvalidModel
from npu_hal.bench.chart import draw, require_plotting
from npu_hal.bench.contender import LITERT, Contender
from npu_hal.bench.session import Result, measure
from npu_hal.cli.choices import complete_driver
from npu_hal.cli.exit_codes import FAILED
from npu_hal.cli.printing import console, print_json, table
from npu_hal.cli.save import check_writable
from npu_hal.registry import default_registry


def bench(
    model_files: Annotated[list[Path], typer.Argument(metavar="MODEL", help="One or several .tflite files.")],
    driver: Annotated[
        list[str] | None,
        typer.Option(
            metavar="DRIVER[/DEVICE][,OPTION=VALUE]...",
            help="A driver to measure; may be given several times, and they take turns.",
            autocompletion=complete_driver,
        ),
    ] = None,
    threads: Annotated[int | None, typer.Option(metavar="N", min=1, help="Threads of each contender.")] = None,
    runs: Annotated[int, typer.Option(metavar="N", min=1, help="Inferences that are timed, after a warm-up.")] = 50,
    compare: Annotated[str | None, typer.Option(metavar="litert", help="Another runtime to take turns with.")] = None,
    per_op: Annotated[bool, typer.Option("--per-op", help="List the time of each operation, where known.")] = False,
    seed: Annotated[int, typer.Option(metavar="SEED", min=0, help="Of the random inputs.")] = 1,
    plot: Annotated[Path | None, typer.Option(metavar="FILE.png", help="Draw a bar chart.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Let --plot overwrite a file.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Measure inference times, first inference and peak memory; each contender has a process of its own."""
    if compare not in (None, LITERT):
        raise typer.BadParameter(f"{compare!r} is not one of: {LITERT}", param_hint="--compare")
    contenders = [Contender.parse(text, threads) for text in driver or []] or [Contender(threads=threads)]
    for contender in contenders:
        if contender.driver is not None:
            default_registry().get(contender.driver)
    if compare is not None:
        contenders.append(Contender(runtime=compare, threads=threads))
    if plot is not None:
        require_plotting()
        check_writable(plot, force)
    for model in model_files:
        if not model.is_file():
            raise InvalidModel(f"there is no file {model}")
    results = _measure(model_files, contenders, runs, per_op, seed)
    if as_json:
        print_json({"threads": threads, "runs": runs, "results": [_as_data(result) for result in results]})
    else:
        _print(results, reference=contenders[-1].label if compare is not None else None)
    if plot is not None:
        draw(results, plot)
    if any(result.error for result in results):
        raise typer.Exit(FAILED)


def _measure(
    models: list[Path], contenders: list[Contender], runs: int, per_operation: bool, seed: int
) -> list[Result]:
    results: list[Result] = []
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("", total=len(models) * len(contenders) * runs)
        for number, model in enumerate(models):
            progress.update(task, description=model.stem)
            results += measure(
                model, contenders, runs, per_operation, seed, lambda count: progress.advance(task, count)
            )
            # A contender that cannot run the model leaves its share of the bar.
            progress.update(task, completed=(number + 1) * len(contenders) * runs)
    return results


def _as_data(result: Result) -> dict[str, Any]:
    data = asdict(result)
    if result.error:
        return {"model": result.model, "contender": result.contender, "error": result.error}
    del data["error"]
    return data | {"median": result.median, "minimum": result.minimum, "p90": result.p90}


def _print(results: list[Result], reference: str | None) -> None:
    out = console()
    columns = ["model", "contender", "median ms ", "min ms ", "p90 ms ", "first s ", "peak MiB "]
    rows = table(*columns, *([f"/ {reference} "] if reference else []))
    references = {result.model: result for result in results if result.contender == reference and not result.error}
    for result in results:
        if result.error:
            continue
        cells = [f"{seconds * 1e3:.3f}" for seconds in (result.median, result.minimum, result.p90)]
        cells += [f"{result.first_seconds:.2f}", f"{result.peak_bytes / 2**20:.0f}"]
        if reference:
            other = references.get(result.model)
            cells.append(f"{result.median / other.median:.2f}" if other else "")
        rows.add_row(result.model, result.contender, *cells)
    out.print(rows)
    for result in results:
        if result.error:
            out.print(f"{result.contender} does not run {result.model}: {result.error}")
        elif result.operations:
            _print_operations(result)


def _print_operations(result: Result) -> None:
    total = sum(part["seconds"] for part in result.operations) or 1.0
    rows = table("operation ", "part", "us ", "share ")
    for part in result.operations:
        share = part["seconds"] / total
        rows.add_row(str(part["operation"]), part["name"], f"{part['seconds'] * 1e6:.1f}", f"{share:.1%}")
    out = console()
    out.print(f"\n{result.model} on {result.contender}, least times")
    out.print(rows)
