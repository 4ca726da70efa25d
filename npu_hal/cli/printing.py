"""What commands print: JSON for machines, tables for people."""

import json
from typing import Any

import typer
from rich.console import Console
from rich.table import Table


def print_json(document: Any) -> None:
    """One JSON document on stdout."""
    typer.echo(json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False))


def console() -> Console:
    """A console on stdout; into a file or pipe it writes long lines instead of breaking them."""
    made = Console(highlight=False, markup=False, emoji=False)
    return made if made.is_terminal else Console(highlight=False, markup=False, emoji=False, width=200)


def table(*columns: str) -> Table:
    """An empty table; columns whose name ends in a space are aligned to the right."""
    made = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        made.add_column(column.rstrip(), justify="right" if column.endswith(" ") else "left", overflow="fold")
    return made
