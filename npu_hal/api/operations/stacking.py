"""Tensors stacked along a new axis, and a tensor taken apart along one."""

from collections.abc import Sequence
from typing import ClassVar, Literal

from npu_hal.api.errors import InvalidGraph
from npu_hal.api.operation import (
    Input,
    Inputs,
    NonNegative,
    Operation,
    Output,
    Outputs,
    require_axis,
    require_same_dtype,
)
from npu_hal.api.tensor import Shape, Tensor


class Pack(Operation):
    """Tensors of one shape, stacked along a new axis."""

    kind: Literal["PACK"] = "PACK"
    needs_quantization: ClassVar[bool] = False
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

    def check_types(self, tensors: Sequence[Tensor]) -> None:
        """Any one type."""
        require_same_dtype(tensors, (*self.packed, self.output))


class Unpack(Operation):
    """The slices of a tensor along `axis`, which is dropped."""

    kind: Literal["UNPACK"] = "UNPACK"
    needs_quantization: ClassVar[bool] = False
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

    def check_types(self, tensors: Sequence[Tensor]) -> None:
        """Any one type."""
        require_same_dtype(tensors, (self.input, *self.slices))
