"""``npu-hal run --task``: files in, an answer out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

from rich.console import Console

from npu_hal.cli.printing import console, print_json, table
from npu_hal.cli.run_report import execution_report, print_execution
from npu_hal.cli.task_output import TaskOutput
from npu_hal.stateful import ModelExecutor
from npu_hal.tasks import ModelInterface, ResultTable, TaskSettings, check_settings, read_metadata, task_named
from npu_hal.tflite.reader import read_model


@dataclass(frozen=True, slots=True)
class TaskRequest:
    """What the command line asks for."""

    model_file: Path
    files: Sequence[Path]
    task: str
    settings: TaskSettings
    shapes: Mapping[str, Sequence[int]]
    driver: str | None
    device: str | None
    options: Mapping[str, str]
    output: Path | None
    force: bool
    as_json: bool


def run_task(request: TaskRequest) -> None:
    """Do the task, print its result, write its picture or sound. Raises `NpuHalError`."""
    model = read_model(request.model_file, request.shapes)
    interface = ModelInterface.of(model, read_metadata(model.metadata, request.model_file))
    kind = task_named(request.task, interface)
    check_settings(kind, request.settings)
    output = TaskOutput(kind, request.output, request.force) if request.output is not None else None
    job = kind(interface, request.settings).prepare(request.files)
    progress = Console(stderr=True)
    with progress.status("compiling"):
        executor = ModelExecutor.open(model, request.driver, request.device, request.options)
    with executor, progress.status(f"running {len(job.inputs)} inferences"):
        started = perf_counter()
        outputs = [executor.run(inputs) for inputs in job.inputs]
        seconds = perf_counter() - started
        execution = execution_report(executor.executor)
    result = job.interpret(outputs)
    if output is not None:
        output.write(result)
    report: dict[str, Any] = {
        "model": str(request.model_file),
        "task": kind.name,
        **execution,
        "inferences": len(outputs),
        "run_ms": seconds * 1e3,
        "output": str(request.output) if request.output is not None else None,
        "result": result.as_json(),
    }
    if request.as_json:
        print_json(report)
    else:
        print_execution(report)
        _print_result(kind.name, result.table())
        if request.output is not None:
            console().print(f"written to {request.output}")


def _print_result(task: str, result: ResultTable) -> None:
    out = console()
    out.print(f"\n{task}: {result.caption}")
    if result.rows:
        rows = table(*result.columns)
        for row in result.rows:
            rows.add_row(*row)
        out.print(rows)
