"""The bias' that streams hold: the bias with the input's zero point folded in (hardware note, section 4)."""

import numpy as np
import numpy.typing as npt

V8_INPUT_CENTRE = 128
"""V8 convolves input values minus this."""


def fold_input_zero_point(
    biases: npt.NDArray[np.int32],
    weights: npt.NDArray[np.uint8],
    weight_zero_point: int,
    input_zero_point: int,
    generation: int,
) -> npt.NDArray[np.int32]:
    """bias' of every output channel, int32 [OC], wrapping at 32 bits as the hardware does.

    biases: int32 [OC]. weights: uint8, first axis OC, every tap that is not the zero point among the rest.
    """
    kernels = weights.reshape(len(biases), -1)
    sums = kernels.sum(axis=1, dtype=np.int64) - kernels.shape[1] * weight_zero_point
    centre = V8_INPUT_CENTRE if generation == 8 else 0
    folded = biases.astype(np.int64) + (centre - input_zero_point) * sums
    wrapped: npt.NDArray[np.int32] = (folded & 0xFFFFFFFF).astype(np.uint32).view(np.int32)
    return wrapped
