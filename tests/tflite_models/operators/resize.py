"""Resizing of images."""

from collections.abc import Sequence

from npu_hal.api import AnyOperation, ResizeBilinear, ResizeNearestNeighbor, Tensor

from .arguments import AddConstant, OperatorArguments


def resize_arguments(
    operation: AnyOperation, tensors: Sequence[Tensor], constant: AddConstant
) -> OperatorArguments | None:
    """None for kinds of other families."""
    match operation:
        case ResizeBilinear() | ResizeNearestNeighbor():
            inputs = [*operation.inputs, constant((operation.height, operation.width))]
            options = {"AlignCorners": operation.align_corners, "HalfPixelCenters": operation.half_pixel_centers}
            return OperatorArguments(inputs, f"{type(operation).__name__}Options", options)
        case _:
            return None
