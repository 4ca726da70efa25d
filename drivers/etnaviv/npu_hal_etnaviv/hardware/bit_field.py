"""Declarative bit fields: named fields in a block of little-endian 32-bit words."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

Words = npt.NDArray[np.uint32]

WORD_BITS: Final = 32


class BitFieldError(ValueError):
    """A field does not exist, or a value does not fit its field."""


@dataclass(frozen=True, slots=True)
class BitField:
    """One field: `width` bits of word number `word`, the lowest of them bit `low` (0 = least significant).

    A field never crosses a word. A signed field is stored in two's complement.
    """

    name: str
    word: int
    low: int
    width: int
    signed: bool = False
    default: int = 0
    description: str = ""

    def __post_init__(self) -> None:
        if not (self.low >= 0 and self.width >= 1 and self.low + self.width <= WORD_BITS and self.word >= 0):
            raise BitFieldError(f"field {self.name} does not lie within a word of {WORD_BITS} bits")
        if not self.minimum <= self.default <= self.maximum:
            raise BitFieldError(f"field {self.name}: default {self.default} does not fit {self.width} bits")

    @property
    def minimum(self) -> int:
        """The smallest value the field can hold."""
        return -(1 << (self.width - 1)) if self.signed else 0

    @property
    def maximum(self) -> int:
        """The largest value the field can hold."""
        return (1 << (self.width - 1)) - 1 if self.signed else (1 << self.width) - 1

    @property
    def mask(self) -> int:
        """The field's bits within its word."""
        return ((1 << self.width) - 1) << self.low


def bits(
    name: str,
    word: int,
    first: int,
    last: int,
    default: int = 0,
    description: str = "",
    *,
    signed: bool = False,
) -> BitField:
    """A field in the notation of hardware tables: bits `first` to `last`, both included."""
    return BitField(name, word, first, last - first + 1, signed, default, description)


@dataclass(frozen=True, slots=True)
class SplitValue:
    """A value that hardware stores in several fields, as (field name, bits stored there), low part first."""

    name: str
    parts: tuple[tuple[str, int], ...]
    signed: bool = False

    @property
    def width(self) -> int:
        """Bits of the whole value."""
        return sum(width for _, width in self.parts)

    def split(self, value: int) -> dict[str, int]:
        """The fields' values.

        Raises BitFieldError if the value does not fit the width.
        """
        low = -(1 << (self.width - 1)) if self.signed else 0
        high = low + (1 << self.width) - 1
        if not low <= value <= high:
            raise BitFieldError(f"{self.name} is {value}, but its {self.width} bits hold {low} to {high}")
        fields = {}
        remaining = value & ((1 << self.width) - 1)
        for name, width in self.parts:
            fields[name] = remaining & ((1 << width) - 1)
            remaining >>= width
        return fields

    def join(self, fields: Mapping[str, int]) -> int:
        """The value from its fields; the inverse of `split`."""
        value, position = 0, 0
        for name, width in self.parts:
            value |= (fields[name] & ((1 << width) - 1)) << position
            position += width
        if self.signed and value >> (self.width - 1):
            value -= 1 << self.width
        return value


@dataclass(frozen=True, slots=True)
class WordLayout:
    """A structure of `word_count` words made of non-overlapping fields; bits of no field are zero."""

    name: str
    word_count: int
    fields: tuple[BitField, ...]
    _by_name: dict[str, BitField] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        by_name: dict[str, BitField] = {}
        taken = [0] * self.word_count
        for entry in self.fields:
            if entry.name in by_name:
                raise BitFieldError(f"{self.name} has two fields named {entry.name}")
            if entry.word >= self.word_count:
                raise BitFieldError(f"{self.name}.{entry.name} lies beyond word {self.word_count - 1}")
            if taken[entry.word] & entry.mask:
                raise BitFieldError(f"{self.name}.{entry.name} overlaps another field of word {entry.word}")
            taken[entry.word] |= entry.mask
            by_name[entry.name] = entry
        object.__setattr__(self, "_by_name", by_name)

    @property
    def byte_count(self) -> int:
        """Size of the structure in bytes."""
        return self.word_count * WORD_BITS // 8

    def field(self, name: str) -> BitField:
        """The field of that name.

        Raises BitFieldError if there is none.
        """
        found = self._by_name.get(name)
        if found is None:
            raise BitFieldError(f"{self.name} has no field {name}")
        return found

    def pack(self, values: Mapping[str, int]) -> Words:
        """The structure's words, uint32 [word_count]; fields not named in `values` take their defaults.

        Raises BitFieldError for an unknown field, or for a value out of its field's range.
        """
        for name in values:
            self.field(name)
        words = [0] * self.word_count
        for entry in self.fields:
            value = int(values.get(entry.name, entry.default))
            if not entry.minimum <= value <= entry.maximum:
                raise BitFieldError(
                    f"{self.name}.{entry.name} is {value}, but the field holds {entry.minimum} to {entry.maximum}"
                )
            words[entry.word] |= (value << entry.low) & entry.mask
        return np.array(words, dtype=np.uint32)

    def unpack(self, words: npt.ArrayLike) -> dict[str, int]:
        """Every field's value by name, in the order of the layout.

        Raises BitFieldError if the number of words is not `word_count`.
        """
        raw = [int(word) for word in np.asarray(words, dtype=np.uint32).reshape(-1)]
        if len(raw) != self.word_count:
            raise BitFieldError(f"{self.name} has {self.word_count} words, but {len(raw)} were given")
        values = {}
        for entry in self.fields:
            value = (raw[entry.word] & entry.mask) >> entry.low
            if entry.signed and value > entry.maximum:
                value -= 1 << entry.width
            values[entry.name] = value
        return values

    def undefined_bits(self, words: npt.ArrayLike) -> dict[int, int]:
        """The bits set outside of every field, by word number; empty for a structure that `pack` made."""
        raw = np.asarray(words, dtype=np.uint32).reshape(-1)
        defined = [0] * self.word_count
        for entry in self.fields:
            defined[entry.word] |= entry.mask
        return {
            index: stray
            for index, (word, mask) in enumerate(zip(raw, defined, strict=False))
            if (stray := int(word) & ~mask)
        }
