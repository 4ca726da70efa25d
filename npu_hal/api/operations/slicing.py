"""Regions and single elements of tensors."""

import math
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
    require_same_dtype,
)
from npu_hal.api.tensor import Shape, Tensor

_INDICES = (DType.INT32, DType.INT64)


class Slice(UnaryMovement):
    """A block of the input: `sizes` elements from `begin` on along each axis."""

    kind: Literal["SLICE"] = "SLICE"
    begin: tuple[NonNegative, ...]
    sizes: tuple[NonNegative, ...]

    def infer_shapes(self, tensors: Sequence[Tensor]) -> tuple[Shape, ...]:
        """`sizes`."""
        shape = tensors[self.input].shape
        if not len(self.begin) == len(self.sizes) == len(shape) or any(
            begin + size > extent for begin, size, extent in zip(self.begin, self.sizes, shape, strict=True)
        ):
            raise InvalidGraph(f"a block of {list(self.sizes)} at {list(self.begin)} is not inside of {list(shape)}")
        return (self.sizes,)


class StridedSlice(UnaryMovement):
    """Elements ``begin[i] + k * strides[i]``, k = 0 .. ``sizes[i] - 1``, along each axis i of the input.

    Strides may be negative, not 0. The result, of shape `sizes`, is then given the shape `shape` of as many elements,
    which leaves out axes that were indexed by a single number and holds axes of size 1 that were put in.
    """

    kind: Literal["STRIDED_SLICE"] = "STRIDED_SLICE"
    begin: tuple[NonNegative, ...]
    strides: tuple[int, ...]
    sizes: tuple[NonNegative, ...]
    shape: tuple[NonNegative, ...]

    def infer_shapes(self, tensors: Sequence[Tensor]) -> tuple[Shape, ...]:
        """`shape`."""
        extents = tensors[self.input].shape
        if not len(self.begin) == len(self.strides) == len(self.sizes) == len(extents):
            raise InvalidGraph(f"a slice of {len(self.begin)} axes does not fit the shape {list(extents)}")
        for begin, stride, size, extent in zip(self.begin, self.strides, self.sizes, extents, strict=True):
            if not stride:
                raise InvalidGraph("a slice cannot have a stride of 0")
            last = begin + (size - 1) * stride
            if size and not (begin < extent and 0 <= last < extent):
                raise InvalidGraph(f"elements {begin} to {last} are not inside of an axis of {extent}")
        if math.prod(self.sizes) != math.prod(self.shape):
            raise InvalidGraph(f"{list(self.sizes)} has not as many elements as {list(self.shape)}")
        return (self.shape,)


class Gather(Operation):
    """Slices of the input along `axis`, chosen by `indices`.

    With b = `batch_dims` leading axes in common, output ``[*batch, *input[b:axis], *indices[b:], *input[axis + 1:]]``.
    An index outside of the axis is an error of the caller; drivers read nothing outside of the tensor.
    """

    kind: Literal["GATHER"] = "GATHER"
    needs_quantization: ClassVar[bool] = False
    input: Input
    indices: Input
    output: Output
    axis: NonNegative = 0
    batch_dims: NonNegative = 0

    def infer_shapes(self, tensors: Sequence[Tensor]) -> tuple[Shape, ...]:
        """The input's shape with the indices' shape in place of `axis`."""
        shape, indices = tensors[self.input].shape, tensors[self.indices].shape
        axis, batch = require_axis(self.axis, len(shape)), self.batch_dims
        if batch > min(axis, len(indices)) or shape[:batch] != indices[:batch]:
            raise InvalidGraph(
                f"{batch} batch dimensions do not fit an input {list(shape)}, indices {list(indices)} and axis {axis}"
            )
        return ((*shape[:axis], *indices[batch:], *shape[axis + 1 :]),)

    def check_types(self, tensors: Sequence[Tensor]) -> None:
        """Any type, the output as the input; indices int32 or int64."""
        require_dtype(tensors, self.indices, _INDICES, "indices")
        require_same_dtype(tensors, (self.input, self.output))


class GatherNd(Operation):
    """Slices of the input at the coordinates in the last axis of `indices`.

    indices ``[*rows, depth]``, output ``[*rows, *input[depth:]]``. A coordinate outside of the input is an error of
    the caller; drivers read nothing outside of the tensor.
    """

    kind: Literal["GATHER_ND"] = "GATHER_ND"
    needs_quantization: ClassVar[bool] = False
    input: Input
    indices: Input
    output: Output

    def infer_shapes(self, tensors: Sequence[Tensor]) -> tuple[Shape, ...]:
        """``[*rows, *input[depth:]]``."""
        shape, indices = tensors[self.input].shape, tensors[self.indices].shape
        if not indices or indices[-1] > len(shape):
            raise InvalidGraph(f"indices of shape {list(indices)} do not fit an input of shape {list(shape)}")
        return ((*indices[:-1], *shape[indices[-1] :]),)

    def check_types(self, tensors: Sequence[Tensor]) -> None:
        """Any type, the output as the input; indices int32 or int64."""
        require_dtype(tensors, self.indices, _INDICES, "indices")
        require_same_dtype(tensors, (self.input, self.output))
