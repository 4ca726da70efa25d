"""Signal processing."""

from collections.abc import Sequence
from typing import Literal

from npu_hal.api.dtype import DType
from npu_hal.api.errors import InvalidGraph
from npu_hal.api.operation import Input, Operation, Output, Positive, require_dtype
from npu_hal.api.tensor import Shape, Tensor


class Rfft2D(Operation):
    """The discrete Fourier transform of real matrices in the last two axes.

    input ``[..., H, W]`` float32, cropped or padded with zeros at the end to `fft_height` by `fft_width` (powers of
    two); output ``[..., fft_height, fft_width / 2 + 1]`` complex64.
    """

    kind: Literal["RFFT2D"] = "RFFT2D"
    input: Input
    output: Output
    fft_height: Positive
    fft_width: Positive

    def infer_shapes(self, tensors: Sequence[Tensor]) -> tuple[Shape, ...]:
        """``[..., fft_height, fft_width / 2 + 1]``."""
        shape = tensors[self.input].shape
        if len(shape) < 2:
            raise InvalidGraph(f"an input of shape {list(shape)} holds no matrix")
        if self.fft_height & (self.fft_height - 1) or self.fft_width & (self.fft_width - 1):
            raise InvalidGraph(f"a transform of {self.fft_height}x{self.fft_width} is not one of powers of two")
        return ((*shape[:-2], self.fft_height, self.fft_width // 2 + 1),)

    def check_types(self, tensors: Sequence[Tensor]) -> None:
        """Float32 in, complex64 out."""
        require_dtype(tensors, self.input, (DType.FLOAT32,), "input")
        require_dtype(tensors, self.output, (DType.COMPLEX64,), "output")
