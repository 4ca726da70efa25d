"""Random graphs of one operation that moves elements."""

from collections.abc import Callable
from typing import Any

import numpy as np

from npu_hal.api import (
    Activation,
    Concatenation,
    DepthToSpace,
    DType,
    EmbeddingLookup,
    ExpandDims,
    Gather,
    GatherNd,
    Pack,
    Pad,
    Reshape,
    Slice,
    SpaceToDepth,
    Split,
    SplitV,
    StridedSlice,
    Tile,
    Transpose,
    Unpack,
)
from tests.software.jit.drawing import Case, Drawing


def _concatenation(draw: Drawing) -> Case:
    shape = [draw.integer(1, 5) for _ in range(draw.integer(1, 4))]
    axis = draw.integer(0, len(shape) - 1)
    common = draw.quantization() if draw.random.random() < 0.7 else None
    parts = []
    for _ in range(draw.integer(1, 4)):
        shape[axis] = draw.integer(1, 40)
        parts.append(draw.input(tuple(shape), common))
    activation = draw.choice(Activation.NONE, Activation.NONE, Activation.RELU)
    output = draw.output(common)
    return draw.finish(Concatenation(concatenated=tuple(parts), output=output, axis=axis, activation=activation))


def _split(draw: Drawing) -> Case:
    shape = [draw.integer(1, 5) for _ in range(draw.integer(1, 4))]
    axis, count = draw.integer(0, len(shape) - 1), draw.integer(1, 3)
    shape[axis] *= count
    quantization = draw.quantization()
    input_ = draw.input(tuple(shape), quantization)
    parts = tuple(draw.builder.tensor(f"y{i}", draw.dtype, quantization) for i in range(count))
    return draw.finish(Split(input=input_, parts=parts, axis=axis))


def _movement(draw: Drawing) -> Case:
    shape = draw.choice(
        tuple(draw.integer(1, 9) for _ in range(draw.integer(1, 4))),
        (1, draw.integer(1, 9), draw.integer(1, 9), draw.channels(33)),
    )
    quantization = draw.quantization()
    input_ = draw.input(shape, quantization)
    output = draw.output(quantization)
    kind = draw.choice("pad", "pad", "reshape", "transpose")
    if kind == "pad":
        paddings = [(draw.integer(0, 3), draw.integer(0, 3)) for _ in shape]
        if len(shape) == 4 and draw.random.random() < 0.7:
            paddings[0] = paddings[3] = (0, 0)
        return draw.finish(Pad(input=input_, output=output, paddings=tuple(paddings)))
    if kind == "reshape":
        return draw.finish(Reshape(input=input_, output=output, shape=(int(np.prod(shape)),)))
    permutation = tuple(int(axis) for axis in draw.random.permutation(len(shape)))
    return draw.finish(Transpose(input=input_, output=output, permutation=permutation))


def _transpose(draw: Drawing) -> Case:
    """Matrices on both sides of a tile and of a block, elements of all sizes, and up to six axes that move."""
    rank = draw.integer(2, 6)
    sizes = (1, 2, 3, 5, 8) if rank > 3 else (1, 2, 3, 8, 15, 16, 17, 31, 33, 64, 65, 80)
    shape = tuple(draw.choice(*sizes) for _ in range(rank))
    permutation = tuple(int(axis) for axis in draw.random.permutation(rank))
    dtype = draw.choice(draw.dtype, draw.dtype, DType.INT16, DType.INT32, DType.INT64)
    quantization = draw.quantization() if dtype.is_quantised8 else None
    draw.inputs.append(draw.values(shape, dtype))
    input_ = draw.builder.input("x", shape, dtype, quantization)
    output = draw.builder.tensor("y", dtype, quantization)
    return draw.finish(Transpose(input=input_, output=output, permutation=permutation))


def _blocks(draw: Drawing) -> Case:
    block = draw.integer(1, 3)
    batch, height, width, depth = (draw.integer(1, most) for most in (2, 4, 4, 9))
    if draw.random.random() < 0.5:
        return _rearranged(draw, (batch, height, width, depth * block**2), DepthToSpace, block_size=block)
    return _rearranged(draw, (batch, height * block, width * block, depth), SpaceToDepth, block_size=block)


def _rearrangement(draw: Drawing) -> Case:
    kind = draw.choice("slice", "strided", "tile", "pack", "unpack", "split", "axes")
    shape = tuple(draw.integer(1, 9) for _ in range(draw.integer(1, 5)))
    axis = draw.integer(0, len(shape) - 1)
    if kind == "slice":
        begin = tuple(draw.integer(0, size - 1) for size in shape)
        sizes = tuple(draw.integer(1, size - start) for start, size in zip(begin, shape, strict=True))
        return _rearranged(draw, shape, Slice, begin=begin, sizes=sizes)
    if kind == "strided":
        begin = tuple(draw.integer(0, size - 1) for size in shape)
        strides = tuple(draw.choice(-3, -2, -1, 1, 2, 3) for _ in shape)
        sizes = tuple(
            (size - 1 - start) // stride + 1 if stride > 0 else start // -stride + 1
            for start, stride, size in zip(begin, strides, shape, strict=True)
        )
        return _rearranged(draw, shape, StridedSlice, begin=begin, strides=strides, sizes=sizes, shape=sizes)
    if kind == "tile":
        return _rearranged(draw, shape, Tile, multiples=tuple(draw.integer(1, 3) for _ in shape))
    if kind == "axes":
        return _rearranged(draw, shape, ExpandDims, axis=axis)
    quantization = draw.quantization()
    if kind == "pack":
        packed = tuple(draw.input(shape, quantization) for _ in range(draw.integer(1, 3)))
        return draw.finish(Pack(packed=packed, output=draw.output(quantization), axis=axis))
    input_ = draw.input(shape, quantization)
    if kind == "unpack":
        slices = tuple(draw.output(quantization) for _ in range(shape[axis]))
        return draw.finish(Unpack(input=input_, slices=slices, axis=axis))
    first = draw.integer(0, shape[axis])
    parts = (draw.output(quantization), draw.output(quantization))
    return draw.finish(SplitV(input=input_, parts=parts, sizes=(first, shape[axis] - first), axis=axis))


def _rearranged(draw: Drawing, of: tuple[int, ...], kind: Any, **attributes: Any) -> Case:
    quantization = draw.quantization()
    return draw.finish(kind(input=draw.input(of, quantization), output=draw.output(quantization), **attributes))


def _slices(draw: Drawing) -> Case:
    """Slices at indices that are all inside."""
    shape = tuple(draw.integer(1, 6) for _ in range(draw.integer(1, 5)))
    kind = draw.choice(Gather, GatherNd, EmbeddingLookup)
    quantization = draw.quantization()
    input_ = draw.input(shape, quantization)
    output = draw.output(quantization)
    rows = tuple(draw.integer(1, 5) for _ in range(1 if kind is EmbeddingLookup else draw.integer(0, 2)))
    dtype = DType.INT32 if kind is EmbeddingLookup else draw.choice(DType.INT32, DType.INT64)
    depth = draw.integer(1, len(shape))
    axis = 0 if kind is EmbeddingLookup else draw.integer(0, len(shape) - 1)
    highest = np.array(shape[:depth] if kind is GatherNd else shape[axis])
    positions = draw.random.integers(0, highest, (*rows, depth) if kind is GatherNd else rows)
    if draw.random.random() < 0.3:
        indices = draw.builder.constant("i", np.asarray(positions, dtype.numpy))
    else:
        draw.inputs.append(np.asarray(positions, dtype.numpy))
        indices = draw.builder.input("i", np.shape(positions), dtype)
    if kind is EmbeddingLookup:
        return draw.finish(EmbeddingLookup(lookups=indices, values=input_, output=output))
    attributes = {"axis": axis} if kind is Gather else {}
    return draw.finish(kind(input=input_, indices=indices, output=output, **attributes))


MOVEMENTS: dict[str, Callable[[Drawing], Case]] = {
    "concatenation": _concatenation,
    "split": _split,
    "movement": _movement,
    "transpose": _transpose,
    "blocks": _blocks,
    "rearrangement": _rearrangement,
    "slices": _slices,
}
