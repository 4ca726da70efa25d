"""``npu-hal conformance``: run the conformance tests against a driver."""

import importlib.util
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from npu_hal.api import InvalidState, NpuHalError
from npu_hal.cli.choices import OptionChoices, complete_driver
from npu_hal.cli.exit_codes import FAILED
from npu_hal.cli.key_value import parse_options
from npu_hal.cli.printing import console, print_json, table
from npu_hal.conformance.capability import Capability
from npu_hal.conformance.target import Target

if TYPE_CHECKING:
    from npu_hal.conformance.plugin import Outcome


def conformance(
    driver: Annotated[
        str,
        typer.Argument(metavar="DRIVER", help="The driver; see npu-hal devices.", autocompletion=complete_driver),
    ],
    # Not completed: while an option is typed, click does not tell the arguments before it.
    device: Annotated[str | None, typer.Option(metavar="NAME", help="The driver's device.")] = None,
    option: OptionChoices = None,
    capability: Annotated[
        list[Capability] | None, typer.Option(help="Test this capability only; may be given several times.")
    ] = None,
    junit: Annotated[Path | None, typer.Option(metavar="FILE.xml", help="Write a JUnit report.")] = None,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="List what the device refuses, and why.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Test that DRIVER does what the interface asks of drivers; exit with 1 if it does not."""
    target = Target(driver, device, parse_options(option or []))
    # Fails with one sentence here, rather than in every test.
    target.open().close()
    if junit is not None and junit.exists():
        raise InvalidState(f"{junit} exists; nothing is overwritten, remove it or name another file")
    outcomes = _run(target, capability or [], junit)
    if as_json:
        print_json(_as_data(target, outcomes))
    else:
        _print(target, outcomes, verbose)
    if any(outcome.failures for outcome in outcomes.values()):
        raise typer.Exit(FAILED)


def _run(target: Target, capabilities: list[Capability], junit: Path | None) -> "dict[str, Outcome]":
    if importlib.util.find_spec("pytest") is None:
        raise NpuHalError("the conformance tests need pytest: install npu-hal[conformance]")
    import pytest

    from npu_hal.conformance.plugin import ConformancePlugin

    plugin = ConformancePlugin(target, [str(item) for item in capabilities])
    suite = Path(__file__).parent.parent / "conformance" / "suite" / "all.py"
    arguments = [
        str(suite),
        # Nothing of the folder that the command happens to run in is to change the tests.
        "-c",
        os.devnull,
        "--rootdir",
        str(suite.parent),
        "-p",
        "no:cacheprovider",
        "-p",
        "no:terminal",
        "--import-mode=importlib",
        "-o",
        "python_files=all.py",
    ]
    if junit is not None:
        arguments.append(f"--junit-xml={junit.absolute()}")
    with Console(stderr=True).status(f"testing {target.driver}"):
        code = pytest.main(arguments, plugins=[plugin])
    if code == pytest.ExitCode.INTERRUPTED:
        raise KeyboardInterrupt
    if code not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
        raise NpuHalError(f"the conformance tests could not be run: pytest ended with {pytest.ExitCode(code).name}")
    return plugin.outcomes


def _as_data(target: Target, outcomes: "dict[str, Outcome]") -> dict[str, Any]:
    return {
        "driver": target.driver,
        "device": target.device,
        "conforms": not any(outcome.failures for outcome in outcomes.values()),
        "capabilities": {
            name: {
                "passed": outcome.counts["passed"],
                "refused": [{"test": test, "reason": reason} for test, reason in outcome.refusals],
                "failed": [{"test": test, "error": error} for test, error in outcome.failures],
            }
            for name, outcome in outcomes.items()
        },
    }


def _print(target: Target, outcomes: "dict[str, Outcome]", verbose: bool) -> None:
    out = console()
    rows = table("capability", "passed ", "refused ", "failed ")
    for name, outcome in outcomes.items():
        counts = outcome.counts
        rows.add_row(name, str(counts["passed"]), str(counts["skipped"]), str(counts["failed"]))
    out.print(rows)
    if verbose:
        for outcome in outcomes.values():
            for test, reason in outcome.refusals:
                out.print(f"refused: {test}: {reason}")
    failures = [item for outcome in outcomes.values() for item in outcome.failures]
    for test, error in failures:
        out.print(f"failed: {test}: {error}")
    out.print(f"{target.driver} conforms" if not failures else f"{target.driver} fails {len(failures)} tests")
