"""Options of the form KEY=VALUE."""

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
