"""Taking parts of tensors and putting tensors together: values move, none is computed.

Each operation is one numpy expression, which is its definition; quantisations play no part, but for the zero point
that SPACE_TO_BATCH_ND pads with.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from npu_hal.api import (
    Array,
    BatchToSpaceNd,
    DepthToSpace,
    MirrorPad,
    Pack,
    PadV2,
    ShapeOf,
    Slice,
    SpaceToBatchNd,
    SpaceToDepth,
    SplitV,
    StridedSlice,
    Tensor,
    Tile,
    Unpack,
)
from npu_hal_software.reference.kernel import Kernel


def _one_output(move: Callable[..., Array]) -> Kernel:
    """The kernel that writes ``move(*inputs)``."""
    return lambda inputs, outputs: np.copyto(outputs[0], move(*inputs))


def compile_slice(operation: Slice, tensors: Sequence[Tensor]) -> Kernel:
    """The kernel of a slice."""
    block = tuple(slice(begin, begin + size) for begin, size in zip(operation.begin, operation.sizes, strict=True))
    return _one_output(lambda x: x[block])


def compile_strided_slice(operation: StridedSlice, tensors: Sequence[Tensor]) -> Kernel:
    """The kernel of a slice with strides."""
    parts = tuple(
        _elements(begin, stride, size)
        for begin, stride, size in zip(operation.begin, operation.strides, operation.sizes, strict=True)
    )
    return _one_output(lambda x: x[parts].reshape(operation.shape))


def _elements(begin: int, stride: int, size: int) -> slice:
    end = begin + size * stride
    # An end before the first element would count from the back.
    return slice(begin, end if end >= 0 else None, stride)


def compile_pack(operation: Pack, tensors: Sequence[Tensor]) -> Kernel:
    """The kernel of a stacking."""
    return lambda inputs, outputs: np.copyto(outputs[0], np.stack(inputs, operation.axis))


def compile_unpack(operation: Unpack, tensors: Sequence[Tensor]) -> Kernel:
    """The kernel of taking a tensor apart along an axis."""

    def run(inputs: Sequence[Array], outputs: Sequence[Array]) -> None:
        for part, output in zip(np.moveaxis(inputs[0], operation.axis, 0), outputs, strict=True):
            output[...] = part

    return run


def compile_split_v(operation: SplitV, tensors: Sequence[Tensor]) -> Kernel:
    """The kernel of a split in parts of given sizes."""
    ends = np.cumsum(operation.sizes)[:-1]

    def run(inputs: Sequence[Array], outputs: Sequence[Array]) -> None:
        for part, output in zip(np.split(inputs[0], ends, operation.axis), outputs, strict=True):
            output[...] = part

    return run


def compile_tile(operation: Tile, tensors: Sequence[Tensor]) -> Kernel:
    """The kernel of a repetition."""
    return _one_output(lambda x: np.tile(x, operation.multiples))


def compile_shape(operation: ShapeOf, tensors: Sequence[Tensor]) -> Kernel:
    """The kernel of SHAPE: shapes are static, and so is the result."""
    shape = np.array(tensors[operation.input].shape, tensors[operation.output].dtype.numpy)
    return _one_output(lambda x: shape)


def compile_depth_to_space(operation: DepthToSpace, tensors: Sequence[Tensor]) -> Kernel:
    """The kernel of DEPTH_TO_SPACE."""
    block = operation.block_size
    batch, height, width, channels = tensors[operation.input].shape
    split = batch, height, width, block, block, channels // block**2
    shape = tensors[operation.output].shape
    return _one_output(lambda x: x.reshape(split).transpose(0, 1, 3, 2, 4, 5).reshape(shape))


def compile_space_to_depth(operation: SpaceToDepth, tensors: Sequence[Tensor]) -> Kernel:
    """The kernel of SPACE_TO_DEPTH."""
    block = operation.block_size
    batch, height, width, channels = tensors[operation.input].shape
    split = batch, height // block, block, width // block, block, channels
    shape = tensors[operation.output].shape
    return _one_output(lambda x: x.reshape(split).transpose(0, 1, 3, 2, 4, 5).reshape(shape))


def compile_space_to_batch_nd(operation: SpaceToBatchNd, tensors: Sequence[Tensor]) -> Kernel:
    """The kernel of SPACE_TO_BATCH_ND."""
    source, result = tensors[operation.input], tensors[operation.output]
    count = len(operation.block_shape)
    paddings = ((0, 0), *operation.paddings, *((0, 0),) * (source.rank - count - 1))
    value = result.quantization.zero_points[0] if result.quantization is not None else 0
    split: list[int] = [source.shape[0]]
    for size, block in zip(result.shape[1:], operation.block_shape, strict=False):
        split += [size, block]
    split += source.shape[count + 1 :]
    blocks, positions = range(2, 2 * count + 1, 2), range(1, 2 * count, 2)
    order = (*blocks, 0, *positions, *range(2 * count + 1, len(split)))

    def move(x: Array) -> Array:
        padded = np.pad(x, paddings, constant_values=value)
        return padded.reshape(split).transpose(order).reshape(result.shape)

    return _one_output(move)


def compile_batch_to_space_nd(operation: BatchToSpaceNd, tensors: Sequence[Tensor]) -> Kernel:
    """The kernel of BATCH_TO_SPACE_ND."""
    source, result = tensors[operation.input], tensors[operation.output]
    count = len(operation.block_shape)
    sizes, rest = source.shape[1 : count + 1], source.shape[count + 1 :]
    split = (*operation.block_shape, result.shape[0], *sizes, *rest)
    order: list[int] = [count]
    for axis in range(count):
        order += [count + 1 + axis, axis]
    order += range(2 * count + 1, len(split))
    uncropped = tuple(size * block for size, block in zip(sizes, operation.block_shape, strict=True))
    kept = tuple(slice(before, size - after) for size, (before, after) in zip(uncropped, operation.crops, strict=True))
    whole = result.shape[0], *uncropped, *rest
    return _one_output(lambda x: x.reshape(split).transpose(order).reshape(whole)[:, *kept])


def compile_pad_v2(operation: PadV2, tensors: Sequence[Tensor]) -> Kernel:
    """The kernel of a padding with a given value."""
    return _one_output(lambda x, value: np.pad(x, operation.paddings, constant_values=value.reshape(())))


def compile_mirror_pad(operation: MirrorPad, tensors: Sequence[Tensor]) -> Kernel:
    """The kernel of a padding with the mirror image."""
    mode: Any = "symmetric" if operation.symmetric else "reflect"
    if not operation.paddings:
        return _one_output(lambda x: x)
    return _one_output(lambda x: np.pad(x, operation.paddings, mode=mode))
