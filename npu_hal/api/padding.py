"""Padding of windows that slide over the height and width of an NHWC tensor."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from npu_hal.api.model import ImmutableModel


class Padding(StrEnum):
    """TensorFlow's two rules: SAME gives ceil(input / stride) outputs, VALID reads no padding."""

    SAME = "SAME"
    VALID = "VALID"


_Count = Annotated[int, Field(ge=0)]


class ExplicitPadding(ImmutableModel):
    """Rows and columns of padding, in elements."""

    top: _Count = 0
    bottom: _Count = 0
    left: _Count = 0
    right: _Count = 0


Padding2D = Padding | ExplicitPadding


def window_extent(filter_size: int, dilation: int) -> int:
    """Input elements that a dilated window spans: ``(filter_size - 1) * dilation + 1``."""
    return (filter_size - 1) * dilation + 1


def pad_before_and_after(
    padding: Padding, input_size: int, filter_size: int, stride: int, dilation: int = 1
) -> tuple[int, int]:
    """Padding along one axis for SAME or VALID; with an odd total, SAME puts the smaller half first."""
    if padding is Padding.VALID:
        return 0, 0
    output_size = -(-input_size // stride)
    total = max((output_size - 1) * stride + window_extent(filter_size, dilation) - input_size, 0)
    return total // 2, total - total // 2


def resolve_padding(
    padding: Padding2D,
    input_hw: tuple[int, int],
    filter_hw: tuple[int, int],
    strides_hw: tuple[int, int],
    dilations_hw: tuple[int, int] = (1, 1),
) -> ExplicitPadding:
    """The rows and columns that `padding` means for a window over an input; all pairs are (height, width)."""
    if isinstance(padding, ExplicitPadding):
        return padding
    top, bottom = pad_before_and_after(padding, input_hw[0], filter_hw[0], strides_hw[0], dilations_hw[0])
    left, right = pad_before_and_after(padding, input_hw[1], filter_hw[1], strides_hw[1], dilations_hw[1])
    return ExplicitPadding(top=top, bottom=bottom, left=left, right=right)


def window_output_hw(
    padding: Padding2D,
    input_hw: tuple[int, int],
    filter_hw: tuple[int, int],
    strides_hw: tuple[int, int],
    dilations_hw: tuple[int, int] = (1, 1),
) -> tuple[int, int]:
    """Height and width of the output of a sliding window; not positive where the window does not fit."""
    pads = resolve_padding(padding, input_hw, filter_hw, strides_hw, dilations_hw)
    padded = (input_hw[0] + pads.top + pads.bottom, input_hw[1] + pads.left + pads.right)
    height, width = (
        (size - window_extent(taps, dilation)) // stride + 1
        for size, taps, dilation, stride in zip(padded, filter_hw, dilations_hw, strides_hw, strict=True)
    )
    return height, width
