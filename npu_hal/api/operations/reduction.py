"""Reductions along axes."""

from collections.abc import Sequence
from typing import ClassVar, Literal

from npu_hal.api.dtype import DType
from npu_hal.api.errors import InvalidGraph
from npu_hal.api.operation import (
    FLOAT_OR_QUANTISED8,
    Input,
    NonNegative,
    Operation,
    Output,
    require_axis,
    require_dtype,
    require_same_dtype,
)
from npu_hal.api.tensor import Shape, Tensor


class _Reduction(Operation):
    """Along `axes`, which count from 0 and are sorted; kept as 1 if `keep_dims`, dropped if not."""

    allowed: ClassVar[tuple[DType, ...]]
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
            raise InvalidGraph(f"there is nothing to reduce along axes {list(self.axes)} of {list(shape)}")
        if self.keep_dims:
            return (tuple(1 if axis in self.axes else size for axis, size in enumerate(shape)),)
        return (tuple(size for axis, size in enumerate(shape) if axis not in self.axes),)

    def check_types(self, tensors: Sequence[Tensor]) -> None:
        """The output as the input."""
        require_dtype(tensors, self.input, self.allowed, "input")
        require_same_dtype(tensors, (self.input, self.output))


class Mean(_Reduction):
    """The mean."""

    kind: Literal["MEAN"] = "MEAN"
    allowed: ClassVar[tuple[DType, ...]] = FLOAT_OR_QUANTISED8


class Sum(_Reduction):
    """The sum; integers of int32 and int64 wrap around."""

    kind: Literal["SUM"] = "SUM"
    allowed: ClassVar[tuple[DType, ...]] = (*FLOAT_OR_QUANTISED8, DType.INT32, DType.INT64)


class ReduceMax(_Reduction):
    """The largest; 8-bit elements are compared as stored: input and output have one quantisation."""

    kind: Literal["REDUCE_MAX"] = "REDUCE_MAX"
    allowed: ClassVar[tuple[DType, ...]] = (*FLOAT_OR_QUANTISED8, DType.INT32, DType.INT64)
    needs_quantization: ClassVar[bool] = False


class ReduceMin(_Reduction):
    """The smallest; 8-bit elements are compared as stored: input and output have one quantisation."""

    kind: Literal["REDUCE_MIN"] = "REDUCE_MIN"
    allowed: ClassVar[tuple[DType, ...]] = (*FLOAT_OR_QUANTISED8, DType.INT32, DType.INT64)
    needs_quantization: ClassVar[bool] = False


class _ArgExtremum(Operation):
    """The index along `axis`, which is dropped; the first of equals. Output int32 or int64."""

    needs_quantization: ClassVar[bool] = False
    input: Input
    output: Output
    axis: NonNegative

    def infer_shapes(self, tensors: Sequence[Tensor]) -> tuple[Shape, ...]:
        """The input's shape without `axis`."""
        shape = tensors[self.input].shape
        axis = require_axis(self.axis, len(shape))
        if not shape[axis]:
            raise InvalidGraph(f"there is no extremum along axis {axis} of {list(shape)}")
        return ((*shape[:axis], *shape[axis + 1 :]),)

    def check_types(self, tensors: Sequence[Tensor]) -> None:
        """Float32, 8-bit, int32 or bool in; int32 or int64 out."""
        require_dtype(tensors, self.input, (*FLOAT_OR_QUANTISED8, DType.INT32, DType.BOOL), "input")
        require_dtype(tensors, self.output, (DType.INT32, DType.INT64), "output")


class ArgMax(_ArgExtremum):
    """The index of the largest element."""

    kind: Literal["ARG_MAX"] = "ARG_MAX"


class ArgMin(_ArgExtremum):
    """The index of the smallest element."""

    kind: Literal["ARG_MIN"] = "ARG_MIN"
