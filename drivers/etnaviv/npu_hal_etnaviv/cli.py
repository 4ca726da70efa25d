"""``npu-hal disassemble``: what a dump of submits says, in names."""

import json
from pathlib import Path
from typing import Annotated

import typer

from npu_hal_etnaviv.emulator.disassembler import disassemble, render_text
from npu_hal_etnaviv.hardware.npu_core import npu_core_named
from npu_hal_etnaviv.kernel.dump import capture_folders, read_capture


def disassemble_dump(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="A folder that --dump wrote, or one of the submits in it.")
    ],
    core: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="The NPU that it is for, such as a311d; without it, the first NN job tells."),
    ] = None,
    weights: Annotated[bool, typer.Option("--weights", help="Decode coefficients, and list weights.")] = False,
    all_fields: Annotated[bool, typer.Option("--all-fields", help="List fields that hold their default, too.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Name the registers, jobs and fields of dumped submits."""
    npu = npu_core_named(core) if core is not None else None
    found = {path.name: disassemble(read_capture(path), npu, weights=weights) for path in capture_folders(folder)}
    if as_json:
        typer.echo(json.dumps({name: disassembly.as_data() for name, disassembly in found.items()}, indent=2))
        return
    for name, disassembly in found.items():
        typer.echo(f"{name}:")
        typer.echo(render_text(disassembly, all_fields=all_fields), nl=False)
