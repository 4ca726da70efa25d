"""Tensors stacked along a new axis, and a tensor taken apart along one."""

from collections.abc import Sequence
from typing import Literal

from npu_hal.api.errors import InvalidGraph
from npu_hal.api.movement import Movement
from npu_hal.api.operation import (
    Input,
    Inputs,
    NonNegative,
    Output,
    Outputs,
    require_axis,
)
from npu_hal.api.tensor import Shape, Tensor


class Pack(Movement):
    """Tensors of one shape, stacked along a new axis."""

    kind: Literal["PACK"] = "PACK"
    packed: Inputs
    output: Output
    axis: NonNegative

    def infer_shapes(self, tensors: Sequence[Tensor]) -> tuple[Shape, ...]:
        """The inputs' shape, with their number put in at `axis`."""
        shape = tensors[self.packed[0]].shape
        for index in self.packed:
            if tensors[index].shape != shape:
                raise InvalidGraph(f"shapes {list(shape)} and {list(tensors[index].shape)} cannot be packed")
        axis = require_axis(self.axis, len(shape) + 1)
        return ((*shape[:axis], len(self.packed), *shape[axis:]),)


class Unpack(Movement):
    """The slices of a tensor along `axis`, which is dropped."""

    kind: Literal["UNPACK"] = "UNPACK"
    input: Input
    slices: Outputs
    axis: NonNegative

    def infer_shapes(self, tensors: Sequence[Tensor]) -> tuple[Shape, ...]:
        """The input's shape without `axis`, for each slice."""
        shape = tensors[self.input].shape
        axis = require_axis(self.axis, len(shape))
        if shape[axis] != len(self.slices):
            raise InvalidGraph(f"axis {axis} of {list(shape)} does not give {len(self.slices)} slices")
        return ((*shape[:axis], *shape[axis + 1 :]),) * len(self.slices)
