"""Elements put before and after along axes."""

from collections.abc import Sequence
from typing import Literal

from npu_hal.api.errors import InvalidGraph
from npu_hal.api.movement import UnaryMovement
from npu_hal.api.operation import Input, NonNegative
from npu_hal.api.tensor import Shape, Tensor


class Pad(UnaryMovement):
    """Elements before and after along each axis: the zero point of an 8-bit output, else 0."""

    kind: Literal["PAD"] = "PAD"
    paddings: tuple[tuple[NonNegative, NonNegative], ...]

    def infer_shapes(self, tensors: Sequence[Tensor]) -> tuple[Shape, ...]:
        """The input's shape plus the padding."""
        return (_padded(tensors[self.input].shape, self.paddings),)


class PadV2(UnaryMovement):
    """Elements of a given value before and after along each axis.

    `value` is one element of the input's type, stored (quantised) as the input is.
    """

    kind: Literal["PADV2"] = "PADV2"
    value: Input
    paddings: tuple[tuple[NonNegative, NonNegative], ...]

    def infer_shapes(self, tensors: Sequence[Tensor]) -> tuple[Shape, ...]:
        """The input's shape plus the padding."""
        if tensors[self.value].size != 1:
            raise InvalidGraph(f"the value to pad with has shape {list(tensors[self.value].shape)}, not one element")
        return (_padded(tensors[self.input].shape, self.paddings),)


class MirrorPad(UnaryMovement):
    """The input continued by its mirror image: with the border element twice if `symmetric`, once if not."""

    kind: Literal["MIRROR_PAD"] = "MIRROR_PAD"
    paddings: tuple[tuple[NonNegative, NonNegative], ...]
    symmetric: bool = False

    def infer_shapes(self, tensors: Sequence[Tensor]) -> tuple[Shape, ...]:
        """The input's shape plus the padding."""
        shape = tensors[self.input].shape
        padded = _padded(shape, self.paddings)
        for size, pair in zip(shape, self.paddings, strict=True):
            if max(pair) > size - (not self.symmetric):
                raise InvalidGraph(f"an axis of {size} has no mirror image of {max(pair)} elements")
        return (padded,)


def _padded(shape: Shape, paddings: tuple[tuple[int, int], ...]) -> Shape:
    if len(paddings) != len(shape):
        raise InvalidGraph(f"{len(paddings)} pairs of paddings do not fit the shape {list(shape)}")
    return tuple(before + size + after for size, (before, after) in zip(shape, paddings, strict=True))
