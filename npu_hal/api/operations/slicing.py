"""Taking parts of tensors, and putting tensors together."""

import math
from collections.abc import Sequence
from typing import ClassVar, Literal

from npu_hal.api.dtype import DType
from npu_hal.api.errors import InvalidGraph
from npu_hal.api.operation import (
    Input,
    Inputs,
    NonNegative,
    Operation,
    Output,
    Outputs,
    Positive,
    require_axis,
    require_dtype,
    require_same_dtype,
)
from npu_hal.api.operations.reshape import Movement
from npu_hal.api.tensor import Shape, Tensor

_INDICES = (DType.INT32, DType.INT64)


class Slice(Movement):
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


class StridedSlice(Movement):
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


class SplitV(Operation):
    """Parts of the given sizes along `axis`."""

    kind: Literal["SPLIT_V"] = "SPLIT_V"
    needs_quantization: ClassVar[bool] = False
    input: Input
    parts: Outputs
    sizes: tuple[NonNegative, ...]
    axis: NonNegative

    def infer_shapes(self, tensors: Sequence[Tensor]) -> tuple[Shape, ...]:
        """The input's shape, with each size along `axis`."""
        shape = tensors[self.input].shape
        axis = require_axis(self.axis, len(shape))
        if len(self.sizes) != len(self.parts) or sum(self.sizes) != shape[axis]:
            raise InvalidGraph(f"sizes {list(self.sizes)} do not divide axis {axis} of {list(shape)}")
        return tuple((*shape[:axis], size, *shape[axis + 1 :]) for size in self.sizes)

    def check_types(self, tensors: Sequence[Tensor]) -> None:
        """Any one type."""
        require_same_dtype(tensors, (self.input, *self.parts))


class Tile(Movement):
    """The input, repeated `multiples` times along each axis."""

    kind: Literal["TILE"] = "TILE"
    multiples: tuple[NonNegative, ...]

    def infer_shapes(self, tensors: Sequence[Tensor]) -> tuple[Shape, ...]:
        """The sizes times the multiples."""
        shape = tensors[self.input].shape
        if len(self.multiples) != len(shape):
            raise InvalidGraph(f"{len(self.multiples)} multiples do not fit the shape {list(shape)}")
        return (tuple(size * times for size, times in zip(shape, self.multiples, strict=True)),)


class Squeeze(Movement):
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


class ExpandDims(Movement):
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
        require_dtype(tensors, self.output, _INDICES, "output")


class _BlockMovement(Movement):
    """input ``[N, H, W, C]``; blocks of ``block_size`` by ``block_size`` elements."""

    block_size: Positive


class DepthToSpace(_BlockMovement):
    """Channels become blocks: output ``[N, H * b, W * b, C / b**2]``, channel ``(y * b + x) * C' + c`` at (y, x)."""

    kind: Literal["DEPTH_TO_SPACE"] = "DEPTH_TO_SPACE"

    def infer_shapes(self, tensors: Sequence[Tensor]) -> tuple[Shape, ...]:
        """``[N, H * b, W * b, C / b**2]``."""
        batch, height, width, channels = _image(tensors, self.input)
        block = self.block_size
        if channels % block**2:
            raise InvalidGraph(f"{channels} channels do not divide in blocks of {block}x{block}")
        return ((batch, height * block, width * block, channels // block**2),)


class SpaceToDepth(_BlockMovement):
    """Blocks become channels: output ``[N, H / b, W / b, C * b**2]``; the inverse of DEPTH_TO_SPACE."""

    kind: Literal["SPACE_TO_DEPTH"] = "SPACE_TO_DEPTH"

    def infer_shapes(self, tensors: Sequence[Tensor]) -> tuple[Shape, ...]:
        """``[N, H / b, W / b, C * b**2]``."""
        batch, height, width, channels = _image(tensors, self.input)
        block = self.block_size
        if height % block or width % block:
            raise InvalidGraph(f"an image of {height}x{width} does not divide in blocks of {block}x{block}")
        return ((batch, height // block, width // block, channels * block**2),)


class SpaceToBatchNd(Movement):
    """Blocks of the padded axes 1.. become batches: output batch ``(offset in block) * N + n``.

    `block_shape` and `paddings` (before, after) are for axes 1, 2, .. of the input. Padding holds the zero point.
    """

    kind: Literal["SPACE_TO_BATCH_ND"] = "SPACE_TO_BATCH_ND"
    block_shape: tuple[Positive, ...]
    paddings: tuple[tuple[NonNegative, NonNegative], ...]

    def infer_shapes(self, tensors: Sequence[Tensor]) -> tuple[Shape, ...]:
        """``[N * prod(block_shape), padded / block .., rest ..]``."""
        shape = tensors[self.input].shape
        count = len(self.block_shape)
        if count != len(self.paddings) or count >= len(shape):
            raise InvalidGraph(f"blocks {list(self.block_shape)} and their paddings do not fit {list(shape)}")
        sizes = []
        for size, block, (before, after) in zip(shape[1:], self.block_shape, self.paddings, strict=False):
            if (before + size + after) % block:
                raise InvalidGraph(f"{before} + {size} + {after} elements do not divide in blocks of {block}")
            sizes.append((before + size + after) // block)
        return ((shape[0] * math.prod(self.block_shape), *sizes, *shape[count + 1 :]),)


class BatchToSpaceNd(Movement):
    """The inverse of SPACE_TO_BATCH_ND: batches become blocks of axes 1.., which are then cropped."""

    kind: Literal["BATCH_TO_SPACE_ND"] = "BATCH_TO_SPACE_ND"
    block_shape: tuple[Positive, ...]
    crops: tuple[tuple[NonNegative, NonNegative], ...]

    def infer_shapes(self, tensors: Sequence[Tensor]) -> tuple[Shape, ...]:
        """``[N / prod(block_shape), size * block - crops .., rest ..]``."""
        shape = tensors[self.input].shape
        count = len(self.block_shape)
        if count != len(self.crops) or count >= len(shape) or shape[0] % math.prod(self.block_shape):
            raise InvalidGraph(f"blocks {list(self.block_shape)} and their crops do not fit {list(shape)}")
        sizes = []
        for size, block, (before, after) in zip(shape[1:], self.block_shape, self.crops, strict=False):
            if before + after > size * block:
                raise InvalidGraph(f"{size * block} elements cannot be cropped by {before} and {after}")
            sizes.append(size * block - before - after)
        return ((shape[0] // math.prod(self.block_shape), *sizes, *shape[count + 1 :]),)


class PadV2(Movement):
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

    def check_types(self, tensors: Sequence[Tensor]) -> None:
        """Any one type."""
        require_same_dtype(tensors, (self.input, self.value, self.output))


class MirrorPad(Movement):
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


def _image(tensors: Sequence[Tensor], index: int) -> tuple[int, int, int, int]:
    shape = tensors[index].shape
    if len(shape) != 4:
        raise InvalidGraph(f"input tensor {index} has shape {list(shape)}, not 4 dimensions")
    batch, height, width, channels = shape
    return batch, height, width, channels


def _padded(shape: Shape, paddings: tuple[tuple[int, int], ...]) -> Shape:
    if len(paddings) != len(shape):
        raise InvalidGraph(f"{len(paddings)} pairs of paddings do not fit the shape {list(shape)}")
    return tuple(before + size + after for size, (before, after) in zip(shape, paddings, strict=True))
