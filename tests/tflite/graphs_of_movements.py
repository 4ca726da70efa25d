"""Small graphs of the operations that take tensors apart and put them together, and of elementary functions."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from npu_hal.api import (
    Abs,
    AnyOperation,
    ArgMax,
    ArgMin,
    BatchToSpaceNd,
    Cast,
    DepthToSpace,
    Dequantize,
    Div,
    DType,
    Exp,
    ExpandDims,
    Floor,
    GraphBuilder,
    LeakyRelu,
    Log,
    Maximum,
    Minimum,
    MirrorPad,
    Neg,
    Pack,
    PadV2,
    Prelu,
    Quantization,
    ReduceMax,
    ReduceMin,
    Rsqrt,
    Slice,
    SpaceToBatchNd,
    SpaceToDepth,
    SplitV,
    Sqrt,
    SquaredDifference,
    Squeeze,
    StridedSlice,
    Tile,
    Unpack,
)

Append = Callable[[GraphBuilder, int], list[int]]

# The quantisation of the graphs' input, which movements keep.
QUANTIZATION = Quantization.per_tensor(0.25, 128)


def _output(builder: GraphBuilder) -> int:
    return builder.tensor("y", DType.UINT8, QUANTIZATION)


def _movement(kind: Callable[..., AnyOperation], **attributes: Any) -> Append:
    """An operation with one input and one output of the same type."""

    def append(builder: GraphBuilder, x: int) -> list[int]:
        y = _output(builder)
        builder.append(kind(input=x, output=y, **attributes))
        return [y]

    return append


def _index(kind: type[ArgMax] | type[ArgMin], axis: int, dtype: DType) -> Append:
    def append(builder: GraphBuilder, x: int) -> list[int]:
        y = builder.tensor("y", dtype)
        builder.append(kind(input=x, output=y, axis=axis))
        return [y]

    return append


def _function(kind: Callable[..., AnyOperation]) -> Append:
    """A function of real numbers."""

    def append(builder: GraphBuilder, x: int) -> list[int]:
        real, y = builder.tensor("real", DType.FLOAT32), builder.tensor("y", DType.FLOAT32)
        builder.append(Dequantize(input=x, output=real))
        builder.append(kind(input=real, output=y))
        return [y]

    return append


def _binary(kind: Callable[..., AnyOperation]) -> Append:
    def append(builder: GraphBuilder, x: int) -> list[int]:
        y = _output(builder)
        builder.append(kind(lhs=x, rhs=x, output=y))
        return [y]

    return append


def _real_binary(kind: Callable[..., AnyOperation]) -> Append:
    def append(builder: GraphBuilder, x: int) -> list[int]:
        real, y = builder.tensor("real", DType.FLOAT32), builder.tensor("y", DType.FLOAT32)
        builder.append(Dequantize(input=x, output=real))
        builder.append(kind(lhs=real, rhs=real, output=y))
        return [y]

    return append


def _unpack_and_pack(builder: GraphBuilder, x: int) -> list[int]:
    first, second, y = _output(builder), _output(builder), _output(builder)
    builder.append(Unpack(input=x, slices=(first, second), axis=3))
    builder.append(Pack(packed=(second, first, second), output=y, axis=1))
    return [y, first]


def _split_v(builder: GraphBuilder, x: int) -> list[int]:
    parts = (_output(builder), _output(builder))
    builder.append(SplitV(input=x, parts=parts, sizes=(5, 3), axis=2))
    return list(parts)


def _squeeze(builder: GraphBuilder, x: int) -> list[int]:
    longer, y = _output(builder), _output(builder)
    builder.append(ExpandDims(input=x, output=longer, axis=4))
    builder.append(Squeeze(input=longer, output=y, axes=(0, 4)))
    return [y]


def _pad_v2(builder: GraphBuilder, x: int) -> list[int]:
    from_constant = builder.constant("value", _number(7), QUANTIZATION)
    y = _output(builder)
    builder.append(PadV2(input=x, value=from_constant, output=y, paddings=((0, 0), (1, 2), (3, 0), (0, 0))))
    return [y]


def _prelu(builder: GraphBuilder, x: int) -> list[int]:
    alpha, y = builder.constant("alpha", _number(3).reshape(1, 1, 1), QUANTIZATION), _output(builder)
    builder.append(Prelu(input=x, alpha=alpha, output=y))
    return [y]


def _cast(builder: GraphBuilder, x: int) -> list[int]:
    y = builder.tensor("y", DType.INT32)
    builder.append(Cast(input=x, output=y))
    return [y]


def _number(value: int) -> NDArray[np.uint8]:
    return np.array([value], np.uint8)


GRAPHS_OF_MOVEMENTS: dict[str, Append] = {
    "slice": _movement(Slice, begin=(0, 1, 2, 0), sizes=(1, 3, 6, 1)),
    "strided_slice": _movement(
        StridedSlice, begin=(0, 6, 1, 1), strides=(1, -2, 3, 1), sizes=(1, 3, 2, 1), shape=(1, 3, 2, 1)
    ),
    "unpack_and_pack": _unpack_and_pack,
    "split_v": _split_v,
    "tile": _movement(Tile, multiples=(2, 1, 1, 3)),
    "squeeze": _squeeze,
    "space_to_depth": _movement(SpaceToDepth, block_size=2),
    "space_to_batch_nd": _movement(SpaceToBatchNd, block_shape=(2, 3), paddings=((0, 0), (1, 0))),
    "batch_to_space_nd": _movement(BatchToSpaceNd, block_shape=(1, 1), crops=((1, 0), (2, 3))),
    "depth_to_space": _movement(DepthToSpace, block_size=1),
    "pad_v2": _pad_v2,
    "mirror_pad": _movement(MirrorPad, paddings=((0, 0), (1, 2), (3, 0), (0, 0)), symmetric=True),
    "reflected_pad": _movement(MirrorPad, paddings=((0, 0), (1, 2), (3, 0), (0, 0))),
    "reduce_max": _movement(ReduceMax, axes=(1, 2), keep_dims=True),
    "reduce_min": _movement(ReduceMin, axes=(3,)),
    "arg_max": _index(ArgMax, 3, DType.INT64),
    "arg_min": _index(ArgMin, 1, DType.INT32),
    "minimum": _binary(Minimum),
    "maximum": _binary(Maximum),
    "squared_difference": _real_binary(SquaredDifference),
    "div": _real_binary(Div),
    "leaky_relu": _movement(LeakyRelu, alpha=0.25),
    "prelu": _prelu,
    "cast": _cast,
    **{kind.__name__.lower(): _function(kind) for kind in (Abs, Exp, Floor, Log, Neg, Rsqrt, Sqrt)},
}
