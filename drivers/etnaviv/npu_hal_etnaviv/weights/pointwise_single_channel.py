"""Pointwise kernels of one input channel as 2x2 kernels (hardware note, section 3, rule 1)."""

import numpy as np
import numpy.typing as npt


def widen_pointwise_single_channel(weights: npt.NDArray[np.uint8], zero_point: int) -> npt.NDArray[np.uint8]:
    """uint8 [OC][1][1][1] to [OC][1][2][2]; the three new taps are the zero point."""
    widened = np.full((len(weights), 1, 2, 2), zero_point, np.uint8)
    widened[:, :, 0, 0] = weights[:, :, 0, 0]
    return widened
