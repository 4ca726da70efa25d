"""The error of decoding a coefficient buffer."""

from dataclasses import fields
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


class CoefficientStreamError(Exception):
    """A coefficient buffer cannot be decoded; `core` and `bit` (from the stream's start) tell where."""

    def __init__(self, reason: str, core: int | None = None, bit: int | None = None) -> None:
        self.reason = reason
        self.core = core
        self.bit = bit
        place = "coefficient header" if core is None else f"coefficient stream of core {core}"
        if bit is not None:
            place += f", bit {bit}"
        super().__init__(f"{place}: {reason}")


def require_positive_sizes(layout: "DataclassInstance") -> None:
    """Raise CoefficientStreamError if an integer field of a layout is not positive."""
    for field in fields(layout):
        value = getattr(layout, field.name)
        if isinstance(value, int) and not isinstance(value, bool) and value < 1:
            raise CoefficientStreamError(f"{field.name} is {value}, but must be positive")
