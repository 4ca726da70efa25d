"""Text that comes from models, made harmless; small pieces of HTML."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table; `kind` is ``text``, ``short`` for text that is not broken, or ``number``."""

    name: str
    kind: str = "text"


def table(columns: Sequence[Column], rows: Sequence[tuple[str, Sequence[str]]]) -> str:
    """A table; a row is its attributes and its cells, both as HTML.

    Cells carry their column's name, which narrow screens show in place of the header.
    """
    head = "".join(f'<th class="{column.kind}">{text(column.name)}</th>' for column in columns)
    body = "".join(f"<tr{attributes}>{_cells(columns, cells)}</tr>" for attributes, cells in rows)
    return f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def _cells(columns: Sequence[Column], cells: Sequence[str]) -> str:
    return "".join(
        f'<td class="{column.kind}" data-label="{text(column.name)}">{f"<div>{cell}</div>" if cell else ""}</td>'
        for column, cell in zip(columns, cells, strict=True)
    )
