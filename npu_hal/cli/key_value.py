"""Options of the form KEY=VALUE and NAME=SIZES."""

from collections.abc import Sequence

import typer


def parse_options(pairs: Sequence[str]) -> dict[str, str]:
    """The pairs as a dictionary; `typer.BadParameter` if one has no ``=`` or a key comes twice."""
    options: dict[str, str] = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals or not key:
            raise typer.BadParameter(f"an option is KEY=VALUE, not {pair!r}", param_hint="--option")
        if key in options:
            raise typer.BadParameter(
                f"{key!r} was given twice, as {options[key]!r} and {value!r}", param_hint="--option"
            )
        options[key] = value
    return options


def parse_shapes(pairs: Sequence[str]) -> dict[str, tuple[int, ...]]:
    """Shapes by input, from pairs NAME=SIZE,SIZE,...

    `typer.BadParameter` if one is not of that form or a name comes twice.
    """
    shapes: dict[str, tuple[int, ...]] = {}
    for pair in pairs:
        # Names of inputs may have an equals sign, sizes have none.
        name, _, sizes = pair.rpartition("=")
        if name in shapes:
            raise typer.BadParameter(f"{name!r} was given two shapes", param_hint="--shape")
        try:
            shapes[name] = tuple(int(size) for size in sizes.split(","))
        except ValueError:
            name = ""
        if not name:
            raise typer.BadParameter(f"a shape is NAME=SIZE,SIZE,..., not {pair!r}", param_hint="--shape")
    return shapes
