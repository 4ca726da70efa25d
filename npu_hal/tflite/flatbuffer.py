"""Reading flatbuffers that nobody has verified.

The layout is that of https://flatbuffers.dev/internals: little-endian, every table starts with a signed offset back to
its vtable, whose 16-bit entries say where in the table each field lies; vectors and strings start with a 32-bit
count. Generated accessors trust all of these; the ones here check each against the buffer before they follow it.

References only ever point forward and the reader descends a schema of fixed depth, so cycles cannot occur; but parts
may overlap, and a small hostile file can claim to hold very many of them. What is turned into Python objects is
therefore charged by its bytes to an allowance proportional to the file's size.
"""

import struct
from typing import Any, NoReturn

import numpy as np

from npu_hal.api import InvalidModel

Bytes = bytes | memoryview

# Writers share some strings and vectors between tables; a file that is read in whole more often than this is hostile.
MAX_READINGS = 4

_UINT16 = struct.Struct("<H")
_UINT32 = struct.Struct("<I")
_INT32 = struct.Struct("<i")


class FlatBuffer:
    """The bytes of a flatbuffer, read-only. Positions are offsets from its start."""

    def __init__(self, data: Bytes) -> None:
        self.data = memoryview(data).toreadonly().cast("B")
        self.size = len(self.data)
        self._allowance = MAX_READINGS * self.size

    def root(self) -> "Table":
        """The root table. Raises `InvalidModel`, as everything here does for what lies outside of the buffer."""
        return Table(self, self._follow(0, "root table"), "root table")

    def identifier(self) -> bytes:
        """The four bytes that tell the kind of file."""
        self.check(4, 4, "file identifier")
        return bytes(self.data[4:8])

    def check(self, position: int, length: int, what: str) -> None:
        """Raise `InvalidModel` unless `length` bytes at `position` lie in the buffer."""
        if position < 0 or length < 0 or position + length > self.size:
            self.fail(f"{what}: {length} bytes at offset {position} lie outside of the file's {self.size} bytes")

    def charge(self, length: int) -> None:
        """Account for `length` bytes that become Python objects."""
        self._allowance -= length
        if self._allowance < 0:
            self.fail(f"its parts overlap: reading all of them takes more than {MAX_READINGS} times its size")

    def fail(self, reason: str) -> NoReturn:
        """Raise `InvalidModel`."""
        raise InvalidModel(f"the model file is damaged: {reason}")

    def vector_at(self, position: int, item_size: int, what: str) -> tuple[int, int]:
        """Position of the first item and number of items of the vector that the offset at `position` leads to."""
        start = self._follow(position, what)
        self.check(start, 4, what)
        count = _UINT32.unpack_from(self.data, start)[0]
        self.check(start + 4, count * item_size, what)
        return start + 4, count

    def table_at(self, position: int, what: str) -> "Table":
        """The table that the offset at `position` leads to."""
        return Table(self, self._follow(position, what), what)

    def _follow(self, position: int, what: str) -> int:
        self.check(position, 4, what)
        offset: int = _UINT32.unpack_from(self.data, position)[0]
        if offset == 0:
            self.fail(f"{what}: the reference at offset {position} leads nowhere")
        return position + offset


class Table:
    """A table of a flatbuffer. Fields are named by their slot, the position in the schema's table, from 0.

    `what` names the table in messages. All methods raise `InvalidModel` for what lies outside of the buffer.
    """

    __slots__ = ("_buffer", "_extent", "_fields", "_position", "_what")

    def __init__(self, buffer: FlatBuffer, position: int, what: str) -> None:
        self._buffer = buffer
        self._position = position
        self._what = what
        buffer.check(position, 4, what)
        vtable = position - _INT32.unpack_from(buffer.data, position)[0]
        buffer.check(vtable, 4, f"{what}'s vtable")
        length = _UINT16.unpack_from(buffer.data, vtable)[0]
        self._extent = _UINT16.unpack_from(buffer.data, vtable + 2)[0]
        buffer.check(vtable, length, f"{what}'s vtable")
        buffer.check(position, self._extent, what)
        if length < 4 or length % 2 or self._extent < 4:
            buffer.fail(f"{what}: a vtable of {length} bytes for a table of {self._extent} is impossible")
        buffer.charge(4 + length)
        self._fields = struct.unpack_from(f"<{length // 2 - 2}H", buffer.data, vtable + 4)

    def present_slots(self) -> list[int]:
        """The slots of the fields that are stored."""
        return [slot for slot, offset in enumerate(self._fields) if offset]

    def has(self, slot: int) -> bool:
        """Whether the field is stored."""
        return slot < len(self._fields) and self._fields[slot] != 0

    def scalar(self, slot: int, layout: struct.Struct, default: Any) -> Any:
        """A number or truth value, laid out as a `struct` format tells; `default` if not stored."""
        if not self.has(slot):
            return default
        return layout.unpack_from(self._buffer.data, self._field(slot, layout.size))[0]

    def text(self, slot: int) -> str:
        """A string, empty if not stored; what is not UTF-8 in it becomes U+FFFD."""
        return self.bytes_view(slot, charged=True).tobytes().decode("utf-8", "replace")

    def bytes_view(self, slot: int, *, charged: bool = False) -> memoryview:
        """A vector of bytes, in place; empty if not stored."""
        if not self.has(slot):
            return self._buffer.data[:0]
        start, count = self._buffer.vector_at(self._field(slot, 4), 1, f"{self._what}'s field {slot}")
        if charged:
            self._buffer.charge(4 + count)
        return self._buffer.data[start : start + count]

    def numbers(self, slot: int, dtype: str) -> tuple[Any, ...]:
        """A vector of numbers of a numpy dtype such as ``<i4``, as Python's; empty if not stored."""
        if not self.has(slot):
            return ()
        item = np.dtype(dtype)
        start, count = self._buffer.vector_at(self._field(slot, 4), item.itemsize, f"{self._what}'s field {slot}")
        self._buffer.charge(4 + count * item.itemsize)
        return tuple(np.frombuffer(self._buffer.data, item, count, start).tolist())

    def table(self, slot: int, what: str) -> "Table | None":
        """A table; None if not stored."""
        return self._buffer.table_at(self._field(slot, 4), what) if self.has(slot) else None

    def tables(self, slot: int, what: str) -> list["Table"]:
        """A vector of tables, named `what` and their position in messages; empty if not stored."""
        if not self.has(slot):
            return []
        start, count = self._buffer.vector_at(self._field(slot, 4), 4, f"the vector of each {what}")
        self._buffer.charge(4 + count * 4)
        return [self._buffer.table_at(start + 4 * index, f"{what} {index}") for index in range(count)]

    def _field(self, slot: int, size: int) -> int:
        offset: int = self._fields[slot]
        if offset < 4 or offset + size > self._extent:
            self._buffer.fail(f"{self._what}: field {slot} lies outside of the table")
        return self._position + offset
