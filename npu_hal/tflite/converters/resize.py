"""RESIZE_BILINEAR and RESIZE_NEAREST_NEIGHBOR."""

from collections.abc import Callable

from npu_hal.api import InvalidGraph, ResizeBilinear, ResizeNearestNeighbor
from npu_hal.tflite.converters.operands import Operands

Resize = ResizeBilinear | ResizeNearestNeighbor


def resize(operation: Callable[..., Resize]) -> Callable[[Operands], Resize]:
    """The converter of a resizing operator. Inputs: input, size [height, width]."""

    def convert(operands: Operands) -> Resize:
        x, size = operands.required_inputs(2)
        extents = operands.constant_integers(size, "size")
        if len(extents) != 2:
            raise InvalidGraph(f"the size of {operands.name} has {len(extents)} elements, not height and width")
        return operation(
            input=x,
            output=operands.only_output(),
            height=extents[0],
            width=extents[1],
            align_corners=operands.flag("align_corners"),
            half_pixel_centers=operands.flag("half_pixel_centers"),
        )

    return convert
