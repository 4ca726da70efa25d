import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from npu_hal_etnaviv.hardware.bit_field import BitField, BitFieldError, SplitValue, WordLayout, bits

LAYOUT = WordLayout(
    "sample",
    2,
    (bits("low", 0, 0, 2), bits("high", 0, 28, 31, 5), bits("offset", 1, 4, 8, signed=True)),
)


def test_pack_places_fields_and_defaults() -> None:
    assert LAYOUT.pack({"low": 6, "offset": -2}).tolist() == [0x5000_0006, 0b11110_0000]


@given(low=st.integers(0, 7), high=st.integers(0, 15), offset=st.integers(-16, 15))
def test_unpack_inverts_pack(low: int, high: int, offset: int) -> None:
    values = {"low": low, "high": high, "offset": offset}
    assert LAYOUT.unpack(LAYOUT.pack(values)) == values


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"low": 8}, r"sample\.low is 8, but the field holds 0 to 7"),
        ({"offset": -17}, r"sample\.offset is -17, but the field holds -16 to 15"),
        ({"lower": 1}, "sample has no field lower"),
    ],
)
def test_pack_refuses(values: dict[str, int], message: str) -> None:
    with pytest.raises(BitFieldError, match=message):
        LAYOUT.pack(values)


def test_unpack_refuses_another_number_of_words() -> None:
    with pytest.raises(BitFieldError, match="sample has 2 words, but 3 were given"):
        LAYOUT.unpack(np.zeros(3, np.uint32))


def test_undefined_bits_are_named_by_word() -> None:
    assert LAYOUT.undefined_bits(LAYOUT.pack({})) == {}
    assert LAYOUT.undefined_bits([0x5000_0008, 0]) == {0: 8}


def test_layout_refuses_overlap_and_duplicates() -> None:
    with pytest.raises(BitFieldError, match="overlaps"):
        WordLayout("bad", 1, (bits("a", 0, 0, 3), bits("b", 0, 3, 4)))
    with pytest.raises(BitFieldError, match="two fields named a"):
        WordLayout("bad", 1, (bits("a", 0, 0, 3), bits("a", 0, 4, 4)))
    with pytest.raises(BitFieldError, match="beyond word 0"):
        WordLayout("bad", 1, (bits("a", 1, 0, 3),))
    with pytest.raises(BitFieldError, match="does not lie within a word"):
        BitField("a", 0, 30, 3)
    with pytest.raises(BitFieldError, match="default 4 does not fit"):
        BitField("a", 0, 0, 2, default=4)


@given(value=st.integers(-16, 15))
def test_split_value_joins_again(value: int) -> None:
    split = SplitValue("offset", (("low", 3), ("middle", 1), ("sign", 1)), signed=True)
    fields = split.split(value)
    assert split.join(fields) == value
    assert fields["low"] == value & 7


def test_split_value_refuses_what_does_not_fit() -> None:
    with pytest.raises(BitFieldError, match="offset is 8, but its 4 bits hold -8 to 7"):
        SplitValue("offset", (("low", 3), ("sign", 1)), signed=True).split(8)
