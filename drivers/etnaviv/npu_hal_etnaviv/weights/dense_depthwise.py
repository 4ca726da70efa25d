"""Depthwise kernels as dense ones, for NN cores that convolve all input channels."""

import numpy as np
import numpy.typing as npt


def dense_depthwise(weights: npt.NDArray[np.uint8], zero_point: int) -> npt.NDArray[np.uint8]:
    """uint8 [C][KH][KW] to [C][C][KH][KW]: a kernel's taps of other channels are the zero point."""
    channels, height, width = weights.shape
    dense = np.full((channels, channels, height, width), zero_point, np.uint8)
    own = np.arange(channels)
    dense[own, own] = weights
    return dense
