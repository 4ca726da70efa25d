"""The height, width and channels that a tensor of any rank has for the NPU."""

import math
from typing import NamedTuple

from npu_hal.api import Shape


class HWC(NamedTuple):
    """Rows, columns and channels of an image."""

    height: int
    width: int
    channels: int


def image_shape(shape: Shape) -> HWC:
    """The last dimension is the channels, the one before the width, all others the height.

    For [1, H, W, C] that is what the names say; interleaved, every shape is the same bytes as its image.
    """
    padded = (1, 1, *shape)
    return HWC(math.prod(padded[:-2]), padded[-2], padded[-1])
