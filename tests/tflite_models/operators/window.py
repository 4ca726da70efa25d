"""The options that convolutions and poolings share: padding, strides and activation of a sliding window."""

from collections.abc import Sequence
from typing import Any

import tflite

from npu_hal.api import (
    AveragePool2D,
    Conv2D,
    DepthwiseConv2D,
    MaxPool2D,
    Padding,
    Padding2D,
    Tensor,
    resolve_padding,
)

from .arguments import fused_activation


def window_options(
    operation: Conv2D | DepthwiseConv2D | AveragePool2D | MaxPool2D,
    tensors: Sequence[Tensor],
    filter_hw: tuple[int, int],
    dilations: tuple[int, int],
) -> dict[str, Any]:
    """ValueError for explicit paddings that are neither SAME nor VALID."""
    shape = tensors[operation.input].shape
    padding = _same_or_valid(operation.padding, (shape[1], shape[2]), filter_hw, operation.strides, dilations)
    return {
        "Padding": tflite.Padding.SAME if padding is Padding.SAME else tflite.Padding.VALID,
        "StrideH": operation.stride_height,
        "StrideW": operation.stride_width,
        **fused_activation(operation.activation),
    }


def _same_or_valid(
    padding: Padding2D,
    input_hw: tuple[int, int],
    filter_hw: tuple[int, int],
    strides: tuple[int, int],
    dilations: tuple[int, int],
) -> Padding:
    if isinstance(padding, Padding):
        return padding
    for rule in Padding:
        if resolve_padding(rule, input_hw, filter_hw, strides, dilations) == padding:
            return rule
    raise ValueError(f"{padding!r} is neither SAME nor VALID; the schema has no other padding")
