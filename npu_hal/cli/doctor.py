"""``npu-hal doctor``: what is there, what works, and what to do."""

import logging
from dataclasses import asdict
from typing import Annotated

import typer
from rich.text import Text

from npu_hal.api import FindingStatus
from npu_hal.cli.exit_codes import FAILED
from npu_hal.cli.printing import console, print_json
from npu_hal.doctor import Examination, examine
from npu_hal.registry import Registry

STYLES = {FindingStatus.OK: "green", FindingStatus.WARNING: "yellow", FindingStatus.PROBLEM: "bold red"}


def doctor(
    self_test: Annotated[bool, typer.Option(help="Run a small network on each usable device.")] = True,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Examine this machine: kernel, packages, drivers, devices, environment; say what to do about each finding.

    The exit code is 1 if there is a problem; warnings do not count.
    """
    # Rejected plugins are among the findings; the registry's warnings would say the same again.
    logging.getLogger("npu_hal.registry").setLevel(logging.ERROR)
    examination = examine(Registry.discover(), self_test)
    if as_json:
        counts = {str(status): examination.count(status) for status in FindingStatus}
        print_json({"healthy": examination.is_healthy, "counts": counts, **asdict(examination)})
    else:
        _print(examination)
    if not examination.is_healthy:
        raise typer.Exit(FAILED)


def _print(examination: Examination) -> None:
    out = console()
    for section in examination.sections:
        out.print(Text(section.title, style="bold"))
        for finding in section.findings:
            line = Text("  ").append(f"{finding.status:<8}", STYLES[finding.status])
            out.print(line.append(f"{finding.check}: {finding.observation}"), soft_wrap=True)
            if finding.advice:
                out.print(Text(f"          what to do: {finding.advice}"), soft_wrap=True)
        out.print()
    problems, warnings = examination.count(FindingStatus.PROBLEM), examination.count(FindingStatus.WARNING)
    out.print(f"{_count(problems, 'problem')}, {_count(warnings, 'warning')}")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
