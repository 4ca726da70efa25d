"""``npu-hal replay``: run a trace again, on any driver."""

from pathlib import Path
from typing import Annotated, Any

import typer

from npu_hal.api import Tolerance
from npu_hal.cli.choices import DeviceChoice, DriverChoice, OptionChoices
from npu_hal.cli.exit_codes import FAILED
from npu_hal.cli.key_value import parse_options
from npu_hal.cli.printing import console, print_json, table
from npu_hal.layers.replay import read_trace, replay


def replay_trace(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="What TEFLON_DRIVER=trace+DRIVER recorded.")],
    driver: DriverChoice = None,
    device: DeviceChoice = None,
    option: OptionChoices = None,
    steps: Annotated[int, typer.Option(metavar="N", min=0, help="Steps by which quantised outputs may differ.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Run the inferences of a trace again and compare; exit with 1 if outputs differ."""
    recorded = read_trace(folder)
    options = parse_options(option or [])
    rows: list[dict[str, Any]] = [
        {
            "subgraph": item.subgraph,
            "inference": item.inference,
            "largest_difference": max((found.largest for found in item.differences), default=0.0),
            "same": all(found.is_tolerable for found in item.differences),
            "recorded_seconds": item.recorded_seconds,
            "seconds": item.seconds,
        }
        for item in replay(folder, driver, device, options, tolerance=Tolerance(steps=steps))
    ]
    same = all(row["same"] for row in rows)
    if as_json:
        print_json({"recorded": dict(recorded), "same": same, "inferences": rows})
    else:
        listing = table("subgraph", "inference", "largest difference ", "recorded ms ", "ms ")
        for row in rows:
            listing.add_row(
                row["subgraph"],
                row["inference"],
                f"{row['largest_difference']:g}" + ("" if row["same"] else " (too much)"),
                f"{row['recorded_seconds'] * 1e3:.2f}",
                f"{row['seconds'] * 1e3:.2f}",
            )
        out = console()
        out.print(f"recorded on {recorded.get('driver')} {recorded.get('device')}")
        out.print(listing)
        out.print("all outputs are the same" if same else "outputs differ")
    if not same:
        raise typer.Exit(FAILED)
