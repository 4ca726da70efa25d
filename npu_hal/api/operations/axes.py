"""Axes put in and left out, and the sizes of all."""

from collections.abc import Sequence
from typing import ClassVar, Literal

from npu_hal.api.dtype import DType
from npu_hal.api.errors import InvalidGraph
from npu_hal.api.movement import UnaryMovement
from npu_hal.api.operation import (
    Input,
    NonNegative,
    Operation,
    Output,
    require_axis,
    require_dtype,
)
from npu_hal.api.tensor import Shape, Tensor


class Squeeze(UnaryMovement):
    """The same elements without the axes `axes`, which have size 1, count from 0 and are sorted."""

    kind: Literal["SQUEEZE"] = "SQUEEZE"
    axes: tuple[NonNegative, ...]

    def infer_shapes(self, tensors: Sequence[Tensor]) -> tuple[Shape, ...]:
        """The input's shape without `axes`."""
        shape = tensors[self.input].shape
        if list(self.axes) != sorted({require_axis(axis, len(shape)) for axis in self.axes}) or any(
            shape[axis] != 1 for axis in self.axes
        ):
            raise InvalidGraph(f"axes {list(self.axes)} of {list(shape)} are not all different, sorted and of size 1")
        return (tuple(size for axis, size in enumerate(shape) if axis not in self.axes),)


class ExpandDims(UnaryMovement):
    """The same elements with an axis of size 1 put in at `axis`."""

    kind: Literal["EXPAND_DIMS"] = "EXPAND_DIMS"
    axis: NonNegative

    def infer_shapes(self, tensors: Sequence[Tensor]) -> tuple[Shape, ...]:
        """The input's shape with a 1 at `axis`."""
        shape = tensors[self.input].shape
        axis = require_axis(self.axis, len(shape) + 1)
        return ((*shape[:axis], 1, *shape[axis:]),)


class ShapeOf(Operation):
    """The input's shape as a tensor of int32 or int64."""

    kind: Literal["SHAPE"] = "SHAPE"
    needs_quantization: ClassVar[bool] = False
    input: Input
    output: Output

    def infer_shapes(self, tensors: Sequence[Tensor]) -> tuple[Shape, ...]:
        """``[rank]``."""
        return ((tensors[self.input].rank,),)

    def check_types(self, tensors: Sequence[Tensor]) -> None:
        """Anything in; int32 or int64 out."""
        require_dtype(tensors, self.output, (DType.INT32, DType.INT64), "output")
