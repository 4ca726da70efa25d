"""The options that choose a driver and its device, with completion in shells."""

from typing import Annotated, Any

import typer

from npu_hal.layers import LAYERS, SEPARATOR
from npu_hal.registry import default_registry
from npu_hal.selection import select


def complete_driver(incomplete: str) -> list[str]:
    """Names of installed drivers; after a layer and a plus sign, layers and drivers again."""
    before, separator, last = incomplete.rpartition(SEPARATOR)
    names = [*default_registry().drivers, *(f"{layer}{SEPARATOR}" for layer in LAYERS)]
    return [f"{before}{separator}{name}" for name in names if name.startswith(last)]


# Contexts are click's, which some versions of typer bring along under another name.
def complete_device(ctx: Any, incomplete: str) -> list[str]:
    """Names of devices of the driver that was named, or that would be used; none if that cannot be told."""
    try:
        driver = select(ctx.params.get("driver")).driver
        names = [info.name for info in driver.probe() if info.is_usable]
    # A line that is being typed may name anything; completion has no place for errors.
    except Exception:
        return []
    return [name for name in names if name.startswith(incomplete)]


DriverChoice = Annotated[
    str | None,
    typer.Option("--driver", metavar="NAME", help="The driver; see npu-hal devices.", autocompletion=complete_driver),
]
DeviceChoice = Annotated[
    str | None,
    typer.Option("--device", metavar="NAME", help="The driver's device.", autocompletion=complete_device),
]
OptionChoices = Annotated[
    list[str] | None, typer.Option("--option", metavar="KEY=VALUE", help="An option of the driver.")
]
