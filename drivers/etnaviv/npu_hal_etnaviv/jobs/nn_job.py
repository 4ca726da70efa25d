"""Jobs of the NN unit: one convolution each (hardware note, sections 4 and 5)."""

from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from npu_hal_etnaviv.jobs.image import Image


class Role(Enum):
    """What of a model a job computes; hardware does not care, some choices of its parameters do."""

    CONVOLUTION = "convolution"
    ADDITION = "addition"


class KernelForm(Enum):
    """What the weights of a job mean."""

    DENSE = "dense"
    """[output channel, input channel, row, column]."""

    DEPTHWISE = "depthwise"
    """[channel, 1, row, column]: each output channel reads the input channel of its own number. V8 only."""

    DIAGONAL = "diagonal"
    """As DEPTHWISE, to be coded as a dense kernel whose other taps are the weights' zero point."""


@dataclass(frozen=True, slots=True)
class Size:
    """Of an image as a job sees it, which need not be how the image's maker saw it."""

    width: int
    height: int
    channels: int


@dataclass(frozen=True, slots=True)
class NNJob:
    """A convolution with stride 1, the first tap of output (0, 0) at row `y_offset` and column `x_offset`.

    weights: uint8 in the shape of `form`.
    bias: int32 [output channels], in units of input scale * weight scale.
    rescale: input scale * weight scale / output scale, rounded to float32.
    output_size: as stored. With `first_pixel`, the convolution gives twice the width and height, and the first
    pixel of each 2x2 is stored.
    stride: that of the model's operation before lowering; heuristics look at it.
    """

    label: str
    role: Role
    input: Image
    output: Image
    input_size: Size
    output_size: Size
    form: KernelForm
    weights: NDArray[np.uint8]
    weight_zero_point: int
    bias: NDArray[np.int32]
    rescale: float
    input_zero_point: int
    output_zero_point: int
    y_offset: int = 0
    x_offset: int = 0
    relu: bool = False
    first_pixel: bool = False
    stride: int = 1

    @property
    def kernel_height(self) -> int:
        """Rows of the kernel."""
        return int(self.weights.shape[2])

    @property
    def kernel_width(self) -> int:
        """Columns of the kernel."""
        return int(self.weights.shape[3])

    @property
    def longest_kernel_side(self) -> int:
        """Rows or columns of the kernel, whichever are more; heuristics look at it."""
        return max(self.kernel_height, self.kernel_width)

    @property
    def convolved_size(self) -> Size:
        """The output's size before pooling."""
        factor = 2 if self.first_pixel else 1
        return Size(factor * self.output_size.width, factor * self.output_size.height, self.output_size.channels)

    @property
    def tiled_size(self) -> Size:
        """The size that is cut into tiles."""
        return self.convolved_size
