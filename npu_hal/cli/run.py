"""``npu-hal run``: one inference of a model on files, without a TFLite runtime."""

import json
import math
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter
from typing import Annotated

import numpy as np
import typer
from rich.console import Console

from npu_hal.api import InvalidInput, InvalidOption
from npu_hal.cli.choices import DeviceChoice, DriverChoice, OptionChoices
from npu_hal.cli.key_value import parse_options, parse_shapes
from npu_hal.cli.printing import print_json
from npu_hal.cli.run_report import make_report, print_report
from npu_hal.cli.save import check_writable, save_npz, save_text
from npu_hal.cli.task_run import TaskRequest, run_task
from npu_hal.inputs import PixelRange, load_inputs
from npu_hal.profiling import profile_inference, trace_document
from npu_hal.stateful import ModelExecutor
from npu_hal.tasks import AUTOMATIC, TASKS, TaskSettings
from npu_hal.tasks.labels import check_labels, read_labels
from npu_hal.tflite.reader import read_model

FilesOption = Annotated[
    list[Path] | None,
    typer.Option(
        "--input",
        "-i",
        metavar="FILE",
        help="The next input: an image, .npy, .npz or .wav. An .npz may hold several, by the inputs' names.",
    ),
]


def run(
    model_file: Annotated[Path, typer.Argument(metavar="MODEL", help="A .tflite file.")],
    input_files: FilesOption = None,
    random_seed: Annotated[
        int | None,
        typer.Option("--random", metavar="SEED", min=0, help="Fill inputs that have no file with random values."),
    ] = None,
    pixel_range: Annotated[
        str | None,
        typer.Option(
            metavar="BLACK,WHITE",
            help="Real numbers that black and white pixels stand for, such as -1,1. Without it, uint8 inputs take "
            "pixels as they are, int8 minus 128, float32 as 0,1.",
        ),
    ] = None,
    labels_file: Annotated[
        Path | None, typer.Option("--labels", metavar="FILE", help="Names of the classes, one a line.")
    ] = None,
    top: Annotated[int, typer.Option(metavar="K", min=1, help="How many classes to print.")] = 5,
    shape: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=SIZES", help="Another shape for an input, such as image=1,240,320,3."),
    ] = None,
    driver: DriverChoice = None,
    device: DeviceChoice = None,
    option: OptionChoices = None,
    dump: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Write what the driver submits into DIR, if it can: the same as --option dump=DIR."
        ),
    ] = None,
    save_outputs: Annotated[Path | None, typer.Option(metavar="FILE.npz", help="Write the outputs by name.")] = None,
    profile: Annotated[
        Path | None,
        typer.Option(
            metavar="TRACE.json",
            help="Run twice more, at last with operations timed, and write a trace for Perfetto (ui.perfetto.dev).",
        ),
    ] = None,
    task: Annotated[
        str | None,
        typer.Option(metavar="TASK", help=f"Give an answer instead of tensors: {', '.join(TASKS)}, or {AUTOMATIC}."),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write the task's picture or .wav; without --task, of the task auto."),
    ] = None,
    threshold: Annotated[
        float | None, typer.Option(metavar="SCORE", help="Let the task give answers with higher scores only.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Let files be overwritten.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Run MODEL once: the driver takes the operations that it supports, the CPU driver the rest."""
    labels = read_labels(labels_file) if labels_file is not None else None
    options = parse_options([*(option or []), *([f"dump={dump}"] if dump is not None else [])])
    pixels = _parse_pixel_range(pixel_range)
    if threshold is not None and not math.isfinite(threshold):
        raise InvalidOption(f"--threshold {threshold} is no score that others can surpass; name a finite number")
    for file in (save_outputs, profile):
        if file is not None:
            check_writable(file, force)
    if save_outputs is not None and save_outputs == profile:
        raise InvalidOption(f"--save-outputs and --profile are both to write {profile}; name two files")
    if task is not None or output is not None:
        for unused, name in ((save_outputs, "--save-outputs"), (random_seed, "--random"), (profile, "--profile")):
            if unused is not None:
                raise InvalidOption(f"{name} is for tensors and does not go with --task or --output")
        run_task(
            TaskRequest(
                model_file=model_file,
                files=tuple(input_files or ()),
                task=task or AUTOMATIC,
                settings=TaskSettings(labels=labels, top=top, threshold=threshold, pixel_range=pixels),
                shapes=parse_shapes(shape or []),
                driver=driver,
                device=device,
                options=options,
                output=output,
                force=force,
                as_json=as_json,
            )
        )
        return
    if threshold is not None:
        raise InvalidOption("--threshold goes with --task")
    model = read_model(model_file, parse_shapes(shape or []))
    if labels is not None:
        check_labels(labels, model.output_tensors)
    inputs = load_inputs(
        input_files or [],
        model.input_tensors,
        names=model.input_names,
        pixel_range=pixels,
        random_seed=random_seed,
    )
    progress = Console(stderr=True)
    with progress.status("compiling"):
        executor = ModelExecutor.open(model, driver, device, options)
    with executor, progress.status("running"):
        started = perf_counter()
        outputs = executor.run(inputs)
        seconds = perf_counter() - started
        report = make_report(model_file, model, executor.executor, seconds, outputs, top, labels)
        if profile is not None:
            states = [np.array(state.initial) for state in model.states]
            spans = profile_inference(executor.executor, [*inputs, *states])
            save_text(profile, json.dumps(trace_document(f"npu-hal run {model_file}", spans)), force)
    if save_outputs is not None:
        save_npz(save_outputs, dict(zip(_unique(model.output_names), outputs, strict=True)), force)
    if as_json:
        print_json(report)
    else:
        print_report(report)


def _parse_pixel_range(text: str | None) -> PixelRange | None:
    if text is None:
        return None
    try:
        return PixelRange.parse(text)
    except InvalidInput as error:
        raise typer.BadParameter(str(error), param_hint="--pixel-range") from None


def _unique(names: Sequence[str]) -> list[str]:
    """The names; the position is appended to those that are empty or were there before."""
    unique: list[str] = []
    for position, name in enumerate(names):
        unique.append(f"{name or 'output'}_{position}" if not name or name in unique else name)
    return unique
