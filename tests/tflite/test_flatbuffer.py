"""Nothing outside of a flatbuffer is read, whatever its offsets say."""

import struct

import pytest

from npu_hal.api import InvalidModel
from npu_hal.tflite.flatbuffer import MAX_READINGS, FlatBuffer, Table
from npu_hal.tflite.schema import INT32


def buffer_with(
    *, root: int = 16, vtable: bytes = struct.pack("<HHHH", 8, 12, 4, 8), to_vtable: int = 8, tail: bytes = b""
) -> FlatBuffer:
    """A vtable at 8 and a table at 16 with an integer 7 in slot 0 and a reference to what follows in slot 1."""
    table = struct.pack("<iiI", to_vtable, 7, 4)
    return FlatBuffer(struct.pack("<I4s", root, b"TEST") + vtable + table + tail)


def words(*numbers: int) -> bytes:
    return struct.pack(f"<{len(numbers)}I", *numbers)


def test_a_sound_table() -> None:
    table = buffer_with(tail=words(3) + b"abc\0").root()
    assert table.scalar(0, INT32, -1) == 7
    assert table.text(1) == "abc"
    assert bytes(table.bytes_view(1)) == b"abc"
    assert table.present_slots() == [0, 1]


def test_fields_that_are_not_stored_have_their_defaults() -> None:
    table = buffer_with(vtable=struct.pack("<HHHH", 8, 12, 0, 0), tail=words(0)).root()
    assert table.scalar(0, INT32, -1) == -1
    assert table.scalar(99, INT32, -2) == -2
    assert (table.text(1), table.numbers(1, "<i4"), table.table(1, "t"), table.tables(1, "t")) == ("", (), None, [])
    assert bytes(table.bytes_view(1)) == b""


def test_vectors_of_numbers() -> None:
    assert buffer_with(tail=words(2, 5, 0xFFFFFFFF)).root().numbers(1, "<i4") == (5, -1)


def test_vectors_of_tables() -> None:
    tail = words(2, 12, 8) + struct.pack("<HHi", 4, 4, 4)
    tables = buffer_with(tail=tail).root().tables(1, "part")
    assert [type(table) for table in tables] == [Table, Table]


@pytest.mark.parametrize(
    ("buffer", "reason"),
    [
        (FlatBuffer(b""), "root table: 4 bytes at offset 0"),
        (FlatBuffer(b"\1\0\0"), "root table"),
        (buffer_with(root=0), "leads nowhere"),
        (buffer_with(root=0xFFFFFFFF), "root table"),
        (buffer_with(to_vtable=100), "root table's vtable"),
        (buffer_with(to_vtable=-(2**31)), "root table's vtable"),
        (buffer_with(vtable=struct.pack("<HHHH", 60000, 12, 4, 8)), "root table's vtable"),
        (buffer_with(vtable=struct.pack("<HHHH", 8, 60000, 4, 8)), "root table: 60000 bytes"),
        (buffer_with(vtable=struct.pack("<HHHH", 2, 12, 4, 8)), "impossible"),
        (buffer_with(vtable=struct.pack("<HHHH", 7, 12, 4, 8)), "impossible"),
        (buffer_with(vtable=struct.pack("<HHHH", 8, 3, 4, 8)), "impossible"),
    ],
)
def test_damaged_tables(buffer: FlatBuffer, reason: str) -> None:
    with pytest.raises(InvalidModel, match=reason):
        buffer.root()


@pytest.mark.parametrize("offset", [1, 3, 9, 12, 0xFFFF])
def test_fields_outside_of_their_table(offset: int) -> None:
    table = buffer_with(vtable=struct.pack("<HHHH", 8, 12, offset, offset), tail=words(0)).root()
    with pytest.raises(InvalidModel, match="field 0 lies outside of the table"):
        table.scalar(0, INT32, 0)
    with pytest.raises(InvalidModel, match="field 1 lies outside of the table"):
        table.text(1)


@pytest.mark.parametrize("count", [4, 0x40000000, 0xFFFFFFFF])
def test_vectors_that_claim_more_than_there_is(count: int) -> None:
    table = buffer_with(tail=words(count) + b"abc").root()
    for read in (
        lambda: table.text(1),
        lambda: table.bytes_view(1),
        lambda: table.numbers(1, "<i4"),
        lambda: table.tables(1, "part"),
    ):
        with pytest.raises(InvalidModel, match="lie outside of the file"):
            read()


def test_reading_the_same_part_over_and_over_is_refused() -> None:
    buffer = buffer_with(tail=words(40) + bytes(40))
    table = buffer.root()
    for _ in range(MAX_READINGS):
        table.text(1)
    buffer.charge(buffer.size)
    with pytest.raises(InvalidModel, match="its parts overlap"):
        table.text(1)


def test_views_in_place_cost_nothing() -> None:
    table = buffer_with(tail=words(40) + bytes(40)).root()
    assert sum(len(table.bytes_view(1)) for _ in range(100)) == 4000
