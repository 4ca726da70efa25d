"""Text that comes from models, made harmless; small pieces of HTML."""

import re
from collections.abc import Sequence
from html import escape

# A name may be as long as the file; beyond this nobody reads it.
MAX_TEXT = 400

# Control characters, halves of surrogate pairs, and marks that turn the direction of the text around them.
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def text(value: object, limit: int = MAX_TEXT) -> str:
    """`value` as HTML text that is safe in elements and quoted attributes, shortened to `limit` characters."""
    plain = _UNPRINTABLE.sub("\ufffd", str(value))
    if len(plain) > limit:
        plain = f"{plain[: limit - 1]}…"
    return escape(plain, quote=True)


def number_anchor(prefix: str, number: int) -> str:
    """An element's id."""
    return f"{prefix}-{int(number)}"


def link_to_operation(position: int) -> str:
    """A link to an operation's row in the table."""
    return f'<a href="#{number_anchor("op", position)}">{int(position)}</a>'


def table(columns: Sequence[str], rows: Sequence[tuple[str, Sequence[str]]], classes: str = "") -> str:
    """A table; a row is its attributes and its cells, both as HTML. Columns that end in a space align to the right.

    Cells carry their column's name, which narrow screens show in place of the header.
    """
    sides = [' class="number"' if column.endswith(" ") else "" for column in columns]
    names = [column.rstrip() for column in columns]
    head = "".join(f"<th{side}>{text(name)}</th>" for side, name in zip(sides, names, strict=True))
    body = []
    for attributes, cells in rows:
        columns_and_cells = zip(sides, names, cells, strict=True)
        row = "".join(f'<td{side} data-label="{text(name)}">{cell}</td>' for side, name, cell in columns_and_cells)
        body.append(f"<tr{attributes}>{row}</tr>")
    return f'<table class="{classes}"><thead><tr>{head}</tr></thead><tbody>{"".join(body)}</tbody></table>'
