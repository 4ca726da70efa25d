"""Traces of inferences."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from npu_hal.profiling import Span, trace_document
from tests.cli.conftest import CommandLine, command
from tests.inspection.models import three_operations

__all__ = ["command"]

A311D = ("--driver", "etnaviv", "--device", "emulator:a311d")

Event = Mapping[str, Any]


def traced(command: CommandLine, folder: Path, *options: str) -> list[Event]:
    path = folder / "trace.json"
    done = command("run", three_operations(folder), "--random", 1, *options, "--profile", path)
    assert done.code == 0, done.err
    events: list[Event] = json.loads(path.read_text())["traceEvents"]
    return events


def tracks(events: list[Event]) -> dict[int, str]:
    return {event["tid"]: event["args"]["name"] for event in events if event["name"] == "thread_name"}


def spans(events: list[Event], category: str) -> list[Event]:
    return [event for event in events if event["ph"] == "X" and event["cat"] == category]


def test_events_are_as_the_format_has_them() -> None:
    document = trace_document("a program", [Span("one", "b", "run", 5.0, 0.25), Span("two", "c", "run", 4.5, 0.5)])
    names = [event for event in document["traceEvents"] if event["ph"] == "M"]
    assert names[0]["args"] == {"name": "a program"}
    complete = [event for event in document["traceEvents"] if event["ph"] == "X"]
    assert [(event["name"], event["ts"], event["dur"], event["tid"]) for event in complete] == [
        ("b", 500_000, 250_000, 1),
        ("c", 0, 500_000, 2),
    ]


def test_compilation_inferences_and_calls_are_there(command: CommandLine, tmp_path: Path) -> None:
    events = traced(command, tmp_path, *A311D)
    assert [event["name"] for event in spans(events, "compile")] == [
        "compile step 0: etnaviv emulator:a311d",
        "compile step 1: software cpu",
    ]
    run = [event["name"] for event in spans(events, "run")]
    assert run.count("invoke") == run.count("read outputs") == 2
    assert run[0] == "inference"
    assert "inference with operations timed" in run


def test_spans_of_a_track_nest(command: CommandLine, tmp_path: Path) -> None:
    for options in (A311D, ("--driver", "software"), ("--driver", "software", "--option", "level=reference")):
        events = traced(command, tmp_path, *options)
        (tmp_path / "trace.json").unlink()
        for track in tracks(events):
            ordered = sorted(
                (event for event in events if event["ph"] == "X" and event["tid"] == track),
                key=lambda event: (event["ts"], -event["dur"]),
            )
            ends: list[float] = []
            for event in ordered:
                # Times are rounded to nanoseconds, and the sum of an inference's parts is not exact.
                while ends and ends[-1] <= event["ts"] + 0.01:
                    ends.pop()
                assert not ends or event["ts"] + event["dur"] <= ends[-1] + 0.01
                ends.append(event["ts"] + event["dur"])


@pytest.mark.parametrize(
    # A RELU of values that cannot be negative is nothing to do in machine code.
    ("level", "timed"),
    [("jit", {0, 2}), ("reference", {0, 1, 2})],
)
def test_each_operation_is_timed_by_the_software_driver(
    level: str, timed: set[int], command: CommandLine, tmp_path: Path
) -> None:
    events = traced(command, tmp_path, "--driver", "software", "--option", f"level={level}")
    operations = spans(events, "operation")
    assert {event["args"]["operation"] for event in operations} == timed
    assert {tracks(events)[event["tid"]] for event in operations} == {"software cpu"}
    whole = next(event for event in spans(events, "run") if event["name"] == "inference with operations timed")
    assert sum(event["dur"] for event in operations) <= whole["dur"]


def test_estimates_are_on_a_track_that_says_so(command: CommandLine, tmp_path: Path) -> None:
    events = traced(command, tmp_path, *A311D)
    estimates = spans(events, "estimate")
    assert {tracks(events)[event["tid"]] for event in estimates} == {"etnaviv emulator:a311d, estimated"}
    assert {operation for event in estimates for operation in event["args"]["operations"]} == {0, 1}
    assert all("compared with hardware" in event["args"]["estimate"] for event in estimates)


def test_a_file_is_not_overwritten_unasked(command: CommandLine, tmp_path: Path) -> None:
    path = tmp_path / "trace.json"
    path.write_text("mine")
    arguments = ("run", three_operations(tmp_path), "--random", 1, "--driver", "software", "--profile", path)
    done = command(*arguments)
    assert done.code == 1
    assert "--force" in done.err
    assert path.read_text() == "mine"
    assert command(*arguments, "--force").code == 0
    assert "traceEvents" in json.loads(path.read_text())
