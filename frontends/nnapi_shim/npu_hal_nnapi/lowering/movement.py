"""Operations that move values."""

import math

import numpy as np

from npu_hal.api import (
    BatchToSpaceNd,
    Concatenation,
    DepthToSpace,
    ExpandDims,
    Gather,
    MirrorPad,
    Pad,
    PadV2,
    Reshape,
    ResizeBilinear,
    ResizeNearestNeighbor,
    Slice,
    SpaceToBatchNd,
    SpaceToDepth,
    Split,
    Squeeze,
    StridedSlice,
    Tile,
    Transpose,
    UnsupportedOperation,
)
from npu_hal_nnapi.codes import OperandCode
from npu_hal_nnapi.errors import bad_data
from npu_hal_nnapi.lowering.context import OperationContext


def _pairs(context: OperationContext, position: int) -> tuple[tuple[int, int], ...]:
    context.integers(position)
    values = context.constants(position)
    if values.ndim != 2 or values.shape[1] != 2 or (values < 0).any():
        raise bad_data(f"argument {position} of {context.operation.code.name} holds no pairs of sizes")
    return tuple((int(before), int(after)) for before, after in values)


def lower_concatenation(context: OperationContext) -> None:
    """(input, ..., axis)."""
    last = context.count - 1
    tensors = tuple(context.tensor(position) for position in range(last))
    axis = context.axis(last, len(context.shape(0)))
    context.append(Concatenation(concatenated=tensors, output=context.result(), axis=axis))


def lower_reshape(context: OperationContext) -> None:
    """(input, shape), at most one size of which is -1."""
    x = context.tensor(0)
    declared = context.graph.type_of(context.operation.outputs[0])
    # A shape that is computed, or an input, is as good as the one that the output is declared with.
    wanted = list(context.integers(1) if context.is_constant(1) else declared.dimensions)
    if wanted.count(-1) > 1 or any(size < -1 for size in wanted):
        raise bad_data(f"{wanted} is no shape")
    if -1 in wanted:
        known = math.prod(size for size in wanted if size != -1)
        wanted[wanted.index(-1)] = math.prod(context.shape(0)) // known if known else 0
    context.append(Reshape(input=x, output=context.result(), shape=tuple(wanted)))


def lower_squeeze(context: OperationContext) -> None:
    """(input[, axes])."""
    shape = context.shape(0)
    axes: tuple[int, ...] = tuple(axis for axis, size in enumerate(shape) if size == 1)
    if context.has(1):
        axes = tuple(sorted({axis % len(shape) for axis in context.integers(1)})) if shape else ()
    x = context.tensor(0)
    context.append(Squeeze(input=x, output=context.result(), axes=axes))


def lower_expand_dims(context: OperationContext) -> None:
    """(input, axis)."""
    axis = context.axis(1, len(context.shape(0)) + 1)
    x = context.tensor(0)
    context.append(ExpandDims(input=x, output=context.result(), axis=axis))


def lower_transpose(context: OperationContext) -> None:
    """(input[, permutation]); without it the axes are reversed."""
    rank = len(context.shape(0))
    permutation = context.integers(1) if context.has(1) else tuple(reversed(range(rank)))
    if sorted(permutation) != list(range(rank)):
        raise bad_data(f"{list(permutation)} is no permutation of {rank} axes")
    x = context.tensor(0)
    context.append(Transpose(input=x, output=context.result(), permutation=permutation))


def lower_pad(context: OperationContext) -> None:
    """(input, paddings)."""
    paddings = _pairs(context, 1)
    x = context.tensor(0)
    context.append(Pad(input=x, output=context.result(), paddings=paddings))


def lower_pad_v2(context: OperationContext) -> None:
    """(input, paddings, value): a scalar, which for a quantised input is a stored value in int32."""
    paddings = _pairs(context, 1)
    x, dtype = context.tensor(0), context.graph.dtype_of(context.operation.inputs[0])
    quantization = context.graph.quantization_of(context.operation.inputs[0])
    stored = context.number(2) if not dtype.is_integer else context.integer(2)
    try:
        value = context.graph.builder.constant("value", np.array(stored, dtype.numpy), quantization)
    except OverflowError:
        raise bad_data(f"{stored} is no value of {dtype}") from None
    context.append(PadV2(input=x, value=value, output=context.result(), paddings=paddings))


def lower_mirror_pad(context: OperationContext) -> None:
    """(input, paddings, mode): 0 reflects, 1 is symmetric."""
    paddings, symmetric = _pairs(context, 1), context.boolean(2)
    x = context.tensor(0)
    context.append(MirrorPad(input=x, output=context.result(), paddings=paddings, symmetric=symmetric))


def lower_split(context: OperationContext) -> None:
    """(input, axis, number of parts)."""
    axis, parts = context.axis(1, len(context.shape(0))), context.integer(2)
    if parts != len(context.operation.outputs):
        raise bad_data(f"a split in {parts} parts has {len(context.operation.outputs)} outputs")
    x = context.tensor(0)
    results = tuple(context.result(position) for position in range(parts))
    context.append(Split(input=x, parts=results, axis=axis))


def lower_slice(context: OperationContext) -> None:
    """(input, begin, sizes); a size of -1 is all that is left."""
    shape, begin, sizes = context.shape(0), context.integers(1), context.integers(2)
    if not len(begin) == len(sizes) == len(shape) or any(start < 0 for start in begin):
        raise bad_data(f"a slice of {list(sizes)} at {list(begin)} does not fit {list(shape)}")
    whole = tuple(
        extent - start if size == -1 else size for start, size, extent in zip(begin, sizes, shape, strict=True)
    )
    x = context.tensor(0)
    context.append(Slice(input=x, output=context.result(), begin=begin, sizes=whole))


def lower_strided_slice(context: OperationContext) -> None:
    """(input, begins, ends, strides, begin mask, end mask, shrink mask); a mask's bit i is for axis i."""
    shape = context.shape(0)
    begins, ends, strides = (context.integers(position) for position in (1, 2, 3))
    begin_mask, end_mask, shrink_mask = (context.integer(position) for position in (4, 5, 6))
    if not len(begins) == len(ends) == len(strides) == len(shape) or 0 in strides:
        raise bad_data(f"a slice of {len(begins)} axes with strides {list(strides)} does not fit {list(shape)}")
    starts, sizes, kept = [], [], []
    for axis, extent in enumerate(shape):
        bit = 1 << axis
        if shrink_mask & bit:
            start = begins[axis] % extent if -extent <= begins[axis] < extent else -1
            if start < 0:
                raise bad_data(f"index {begins[axis]} is outside of an axis of {extent}")
            starts.append(start)
            sizes.append(1)
            continue
        begin = None if begin_mask & bit else begins[axis]
        end = None if end_mask & bit else ends[axis]
        # A slice object clamps to the axis just as the specification says.
        taken = range(extent)[begin : end : strides[axis]]
        starts.append(taken.start if len(taken) else 0)
        sizes.append(len(taken))
        kept.append(len(taken))
    x = context.tensor(0)
    context.append(
        StridedSlice(
            input=x,
            output=context.result(),
            begin=tuple(starts),
            strides=strides,
            sizes=tuple(sizes),
            shape=tuple(kept) or (1,),
        )
    )


def lower_tile(context: OperationContext) -> None:
    """(input, multiples)."""
    x, multiples = context.tensor(0), context.integers(1)
    context.append(Tile(input=x, output=context.result(), multiples=multiples))


def lower_gather(context: OperationContext) -> None:
    """(input, axis, indices)."""
    axis = context.axis(1, len(context.shape(0)))
    x, indices = context.tensor(0), context.tensor(2)
    context.append(Gather(input=x, indices=indices, output=context.result(), axis=axis))


def lower_blocks(context: OperationContext, kind: type[DepthToSpace | SpaceToDepth]) -> None:
    """(input, block size[, NCHW])."""
    block, channels_first = context.integer(1), context.flag(2)
    x = context.image(0, channels_first)
    result = context.image_result(channels_first)
    context.append(kind(input=x, output=result.tensor, block_size=block))
    result.finish()


def lower_space_to_batch(context: OperationContext) -> None:
    """(input, block shape, paddings[, NCHW])."""
    block, paddings, channels_first = context.integers(1), _pairs(context, 2), context.flag(3)
    x = context.image(0, channels_first)
    result = context.image_result(channels_first)
    context.append(SpaceToBatchNd(input=x, output=result.tensor, block_shape=block, paddings=paddings))
    result.finish()


def lower_batch_to_space(context: OperationContext) -> None:
    """(input, block shape[, NCHW])."""
    block, channels_first = context.integers(1), context.flag(2)
    x = context.image(0, channels_first)
    result = context.image_result(channels_first)
    crops = ((0, 0),) * len(block)
    context.append(BatchToSpaceNd(input=x, output=result.tensor, block_shape=block, crops=crops))
    result.finish()


def lower_resize(context: OperationContext, kind: type[ResizeBilinear | ResizeNearestNeighbor]) -> None:
    """(input, width, height[, NCHW[, align corners, half pixel centers]]); sizes, or factors as floats."""
    channels_first = context.flag(3)
    shape = context.shape(0)
    if len(shape) != 4:
        raise bad_data(f"a tensor of shape {list(shape)} is no image")
    rows, columns = shape[2:] if channels_first else shape[1:3]
    if context.type(1).code is OperandCode.INT32:
        width, height = context.integer(1), context.integer(2)
    else:
        width, height = math.floor(columns * context.number(1)), math.floor(rows * context.number(2))
    if width < 1 or height < 1:
        raise bad_data(f"an image cannot be resized to {height}x{width}")
    x = context.image(0, channels_first)
    result = context.image_result(channels_first)
    context.append(
        kind(
            input=x,
            output=result.tensor,
            height=height,
            width=width,
            align_corners=context.flag(4),
            half_pixel_centers=context.flag(5),
        )
    )
    result.finish()


def refuse(context: OperationContext) -> None:
    """An operation of the specification that graphs cannot express."""
    raise UnsupportedOperation(f"operations of kind {context.operation.code.name} are not supported")
