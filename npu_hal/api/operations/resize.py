"""Images in another height and width."""

from collections.abc import Sequence
from typing import ClassVar, Literal

from npu_hal.api.errors import InvalidGraph
from npu_hal.api.operation import (
    FLOAT_OR_QUANTISED8,
    Input,
    NonNegative,
    Operation,
    Output,
    require_dtype,
    require_same_dtype,
)
from npu_hal.api.tensor import Shape, Tensor


class _Resize(Operation):
    """input ``[N, H, W, C]``, output ``[N, height, width, C]``.

    The source coordinate of output index i is ``i * scale``, scale = H / height; with `align_corners`, scale =
    (H - 1) / (height - 1); with `half_pixel_centers`, the coordinate is ``(i + 0.5) * scale - 0.5``.
    """

    input: Input
    output: Output
    height: NonNegative
    width: NonNegative
    align_corners: bool = False
    half_pixel_centers: bool = False

    def infer_shapes(self, tensors: Sequence[Tensor]) -> tuple[Shape, ...]:
        """``[N, height, width, C]``."""
        shape = tensors[self.input].shape
        if len(shape) != 4:
            raise InvalidGraph(f"an input of shape {list(shape)} has no height and width: 4 dimensions are needed")
        if 0 in shape[1:3] and self.height * self.width:
            raise InvalidGraph(f"an empty image of shape {list(shape)} cannot be resized")
        return ((shape[0], self.height, self.width, shape[3]),)

    def check_types(self, tensors: Sequence[Tensor]) -> None:
        """Float32 or 8-bit, the output as the input and of the same quantisation."""
        require_dtype(tensors, self.input, FLOAT_OR_QUANTISED8, "input")
        require_same_dtype(tensors, (self.input, self.output))


class ResizeBilinear(_Resize):
    """Bilinear interpolation between the four elements around the source coordinate."""

    kind: Literal["RESIZE_BILINEAR"] = "RESIZE_BILINEAR"
    needs_quantization: ClassVar[bool] = False


class ResizeNearestNeighbor(_Resize):
    """The element at the source coordinate, rounded down (to nearest with `align_corners`).

    With `half_pixel_centers` the coordinate is ``floor((i + 0.5) * scale)``.
    """

    kind: Literal["RESIZE_NEAREST_NEIGHBOR"] = "RESIZE_NEAREST_NEIGHBOR"
    needs_quantization: ClassVar[bool] = False
