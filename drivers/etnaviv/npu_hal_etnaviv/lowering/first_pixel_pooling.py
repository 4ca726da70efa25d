"""Rule: stride 2 by convolving with stride 1 and keeping the first pixel of each 2x2."""

from dataclasses import replace

from npu_hal_etnaviv.hardware.npu_core import NpuCore
from npu_hal_etnaviv.lowering.convolution import Convolution

SMALLEST_DIAGONAL_IMAGE = 8
"""Heuristic: V7 rearranges smaller images of depthwise convolutions, where the driver that is known to work does."""


def prefers_first_pixel(
    core: NpuCore, *, stride: int, is_depthwise: bool, is_pointwise: bool, smallest_side: int
) -> bool:
    """Whether this rule rather than space-to-depth applies to a convolution of stride 2 (heuristic).

    Both are right for every one. Four times the sums for a kernel of one tap a channel cost less than rearranging
    the input; dense kernels of more taps are cheaper on a rearranged input. smallest_side: of the input.
    """
    if stride == 1 or not core.has_first_pixel_pooling:
        return False
    if is_depthwise and not core.has_native_depthwise:
        return smallest_side >= SMALLEST_DIAGONAL_IMAGE
    return is_depthwise or is_pointwise


def keep_first_pixels(convolution: Convolution) -> Convolution:
    """The same convolution, its stride done by pooling."""
    return replace(convolution, first_pixel=True, stride=1, model_stride=convolution.stride)
