"""Element-wise jobs see a tensor as an image of one channel, whatever its own shape."""

import math

from npu_hal_etnaviv.job_geometry.tiling import addition_image

LARGEST_SIDE = (1 << 13) - 1
"""Size fields of the NN config have 13 bits."""


def flat_image(height: int, width: int, channels: int) -> tuple[int, int] | None:
    """(width, height) of an image of height * width * channels pixels that the size fields hold, or None.

    The width that is known to work if the height fits then; else the least width that makes it fit.
    """
    flat = addition_image(height, width, channels)
    if flat[1] <= LARGEST_SIDE:
        return flat
    pixels = height * width * channels
    for candidate in range(math.ceil(pixels / LARGEST_SIDE), LARGEST_SIDE + 1):
        if pixels % candidate == 0:
            return candidate, pixels // candidate
    return None
