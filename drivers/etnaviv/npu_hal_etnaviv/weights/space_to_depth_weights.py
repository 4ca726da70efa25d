"""Kernels of stride 2 for an input rearranged by space-to-depth (hardware note, section 3, rule 3)."""

import numpy as np
import numpy.typing as npt

BLOCK = 2


def space_to_depth_weights(weights: npt.NDArray[np.uint8], zero_point: int) -> npt.NDArray[np.uint8]:
    """uint8 [OC][IC][KH][KW] of stride 2 to [OC][4 IC][ceil(KH/2)][ceil(KW/2)] of stride 1.

    Tap (ky, kx) of channel c becomes tap (ky // 2, kx // 2) of channel 4 c + 2 (ky % 2) + kx % 2; taps that
    the kernel does not have are the zero point.
    """
    outputs, inputs, height, width = weights.shape
    rows, columns = -(-height // BLOCK), -(-width // BLOCK)
    padded = np.full((outputs, inputs, BLOCK * rows, BLOCK * columns), zero_point, np.uint8)
    padded[:, :, :height, :width] = weights
    blocks = padded.reshape(outputs, inputs, rows, BLOCK, columns, BLOCK)
    return np.ascontiguousarray(blocks.transpose(0, 1, 3, 5, 2, 4)).reshape(
        outputs, inputs * BLOCK * BLOCK, rows, columns
    )
