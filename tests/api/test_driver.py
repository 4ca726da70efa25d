"""What drivers inherit from the interface."""

from collections.abc import Mapping, Sequence

import numpy as np
import pytest

from npu_hal.api import (
    API_VERSION,
    ApiVersion,
    Device,
    DeviceInfo,
    Driver,
    DriverOption,
    DType,
    InvalidInput,
    InvalidOption,
    Support,
    Tensor,
    check_buffers,
)


class _Example(Driver):
    name = "example"
    api_version = API_VERSION
    options = (
        DriverOption("speed", "how fast", "slow", choices=("slow", "fast")),
        DriverOption("folder", "where to", ""),
    )

    def probe(self) -> Sequence[DeviceInfo]:
        return ()

    def open(self, device: str | None = None, options: Mapping[str, str] | None = None) -> Device:
        raise AssertionError


def test_options_are_completed_by_their_defaults() -> None:
    assert _Example().check_options({"folder": "x"}) == {"speed": "slow", "folder": "x"}
    assert _Example().check_options(None) == {"speed": "slow", "folder": ""}


def test_unknown_options_and_values_are_refused_with_the_known_ones() -> None:
    with pytest.raises(InvalidOption, match="no option 'sped'; its options are: folder, speed"):
        _Example().check_options({"sped": "fast"})
    with pytest.raises(InvalidOption, match="speed of driver example cannot be 'warp'; it is one of: slow, fast"):
        _Example().check_options({"speed": "warp"})


def test_versions_accept_older_minors_of_the_same_major() -> None:
    assert ApiVersion(1, 3).accepts(ApiVersion(1, 3))
    assert ApiVersion(1, 3).accepts(ApiVersion(1, 0))
    assert not ApiVersion(1, 3).accepts(ApiVersion(1, 4))
    assert not ApiVersion(1, 3).accepts(ApiVersion(2, 0))


def test_support_is_true_or_has_a_reason() -> None:
    assert Support.yes()
    refusal = Support.no("too big")
    assert not refusal
    assert refusal.reason == "too big"


@pytest.mark.parametrize(
    ("buffers", "words"),
    [
        ([], "0 output buffers were given for 1 output tensors"),
        ([np.zeros((2, 4), np.uint8)], "output 0 'y' is uint8[2, 3], the buffer given uint8[2, 4]"),
        ([np.zeros((2, 3), np.int8)], "the buffer given int8[2, 3]"),
        ([np.zeros((3, 2), np.uint8).T], "not C-contiguous"),
        ([np.broadcast_to(np.zeros(1, np.uint8), (2, 3)).copy().view()], ""),
    ],
)
def test_buffers_are_checked(buffers: list[np.ndarray], words: str) -> None:
    tensor = Tensor(name="y", shape=(2, 3), dtype=DType.UINT8)
    if not words:
        check_buffers([tensor], buffers, "output", writable=True)
        buffers[0].flags.writeable = False
        words = "is read-only"
    with pytest.raises(InvalidInput) as refusal:
        check_buffers([tensor], buffers, "output", writable=True)
    assert words in str(refusal.value)
