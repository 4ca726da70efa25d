"""RFFT2D. The transform is computed in float64 and rounded once."""

from collections.abc import Sequence

import numpy as np

from npu_hal.api import Array, Rfft2D, Tensor
from npu_hal_software.reference.kernel import Kernel


def compile_rfft2d(operation: Rfft2D, tensors: Sequence[Tensor]) -> Kernel:
    """The kernel of a two-dimensional Fourier transform of real matrices."""
    size = (operation.fft_height, operation.fft_width)

    def run(inputs: Sequence[Array], outputs: Sequence[Array]) -> None:
        outputs[0][...] = np.fft.rfft2(inputs[0].astype(np.float64), s=size, axes=(-2, -1))

    return run
