"""NN jobs with what Mesa's driver knows of the model when it cuts and codes them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from npu_hal_etnaviv.jobs.nn_job import NNJob, Size


@dataclass(frozen=True, slots=True, kw_only=True)
class MesaJob(NNJob):
    """An NN job as Mesa makes it.

    coded_weights: uint8 in the shape that the coefficient codes take; `weights` has the kernel's size in the config.
    input_rows: the second dimension of the input tensor, which Mesa takes for the width.
    kernel_rows: the second dimension of the weights.
    image: width and height that are cut into tiles.
    """

    coded_weights: NDArray[np.uint8]
    input_rows: int
    kernel_rows: int
    image: Size
    is_addition: bool = False
    is_depthwise: bool = False
    is_fully_connected: bool = False
    weights_are_signed: bool = False

    @property
    def longest_kernel_side(self) -> int:
        """What Mesa takes for it."""
        return self.kernel_rows

    @property
    def tiled_size(self) -> Size:
        """What Mesa cuts into tiles."""
        return self.image
