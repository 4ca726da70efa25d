"""A convolution of a model, on its way to an NN job."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from npu_hal_etnaviv.jobs.image import Image
from npu_hal_etnaviv.jobs.nn_job import KernelForm, NNJob, Role, Size


@dataclass(frozen=True, slots=True)
class Convolution:
    """A convolution of any stride; the rewriting rules bring it to what an NN job can do.

    Fields that NNJob has too mean the same there. `stride` counts in both directions; `pad_top` and `pad_left` are
    positions before the image that the first output reads.
    """

    label: str
    input: Image
    output: Image
    input_size: Size
    output_size: Size
    form: KernelForm
    weights: NDArray[np.uint8]
    weight_zero_point: int
    bias: NDArray[np.int32]
    rescale: float
    role: Role = Role.CONVOLUTION
    stride: int = 1
    pad_top: int = 0
    pad_left: int = 0
    relu: bool = False
    first_pixel: bool = False
    model_stride: int = 1

    @property
    def is_pointwise(self) -> bool:
        """Whether the kernel has one tap in each channel."""
        return self.weights.shape[2:] == (1, 1)

    def job(self) -> NNJob:
        """The NN job; the stride must be 1, or 2 with `first_pixel`."""
        return NNJob(
            label=self.label,
            role=self.role,
            input=self.input,
            output=self.output,
            input_size=self.input_size,
            output_size=self.output_size,
            form=self.form,
            weights=self.weights,
            weight_zero_point=self.weight_zero_point,
            bias=self.bias,
            rescale=self.rescale,
            input_zero_point=self.input.zero_point,
            output_zero_point=self.output.zero_point,
            y_offset=-self.pad_top,
            x_offset=-self.pad_left,
            relu=self.relu,
            first_pixel=self.first_pixel,
            stride=self.model_stride,
        )


def size_of(image: Image) -> Size:
    """An image's own size."""
    return Size(image.width, image.height, image.channels)
