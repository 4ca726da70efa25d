"""Reductions along axes."""

from collections.abc import Sequence
from typing import Literal

from npu_hal.api.errors import InvalidGraph
from npu_hal.api.operation import (
    FLOAT_OR_QUANTISED8,
    Input,
    Operation,
    Output,
    require_axis,
    require_dtype,
    require_same_dtype,
)
from npu_hal.api.tensor import Shape, Tensor


class Mean(Operation):
    """Mean along `axes`, which count from 0 and are sorted; kept as 1 if `keep_dims`, dropped if not."""

    kind: Literal["MEAN"] = "MEAN"
    input: Input
    output: Output
    axes: tuple[int, ...]
    keep_dims: bool = False

    def infer_shapes(self, tensors: Sequence[Tensor]) -> tuple[Shape, ...]:
        """The input's shape with `axes` dropped or set to 1."""
        shape = tensors[self.input].shape
        if list(self.axes) != sorted({require_axis(axis, len(shape)) for axis in self.axes}):
            raise InvalidGraph(f"axes {list(self.axes)} are not sorted and different")
        if 0 in (shape[axis] for axis in self.axes):
            raise InvalidGraph(f"there is no mean of no elements along axes {list(self.axes)} of {list(shape)}")
        if self.keep_dims:
            return (tuple(1 if axis in self.axes else size for axis, size in enumerate(shape)),)
        return (tuple(size for axis, size in enumerate(shape) if axis not in self.axes),)

    def check_types(self, tensors: Sequence[Tensor]) -> None:
        """Float32 or 8-bit, the output as the input."""
        require_dtype(tensors, self.input, FLOAT_OR_QUANTISED8, "input")
        require_same_dtype(tensors, (self.input, self.output))
