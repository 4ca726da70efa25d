"""Slicing, stacking, blocks and extrema against TensorFlow Lite's reference kernels."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from npu_hal.api import (
    ArgMax,
    ArgMin,
    BatchToSpaceNd,
    DepthToSpace,
    DType,
    ExpandDims,
    Maximum,
    Minimum,
    MirrorPad,
    Pack,
    PadV2,
    ReduceMax,
    ReduceMin,
    ShapeOf,
    Slice,
    SpaceToBatchNd,
    SpaceToDepth,
    SplitV,
    Squeeze,
    StridedSlice,
    Tile,
    Unpack,
)
from tests.software.checks import assert_matches_tflite
from tests.software.strategies import Case, CaseBuilder, quantizations, shapes

DTYPES = (DType.UINT8, DType.INT8, DType.INT32, DType.FLOAT32)
Draw = st.DrawFn
# The shape of the input and the operation's attributes.
Attributes = tuple[tuple[int, ...], dict[str, Any]]


def slices(draw: Draw) -> Attributes:
    shape = draw(shapes(1, 4))
    begin = tuple(draw(st.integers(0, size - 1)) for size in shape)
    sizes = tuple(draw(st.integers(1, size - start)) for size, start in zip(shape, begin, strict=True))
    return shape, {"begin": begin, "sizes": sizes}


def strided_slices(draw: Draw) -> Attributes:
    shape = draw(shapes(1, 4))
    begin = tuple(draw(st.integers(0, size - 1)) for size in shape)
    strides = tuple(draw(st.sampled_from([1, 2, 3, -1, -2])) for _ in shape)
    sizes = tuple(
        len(range(start, size, stride)) if stride > 0 else len(range(start, -1, stride))
        for size, start, stride in zip(shape, begin, strides, strict=True)
    )
    return shape, {"begin": begin, "strides": strides, "sizes": sizes, "shape": sizes}


def tiles(draw: Draw) -> Attributes:
    shape = draw(shapes(1, 4, 4))
    return shape, {"multiples": tuple(draw(st.integers(1, 3)) for _ in shape)}


def squeezes(draw: Draw) -> Attributes:
    shape = tuple(draw(st.sampled_from([1, 3])) for _ in range(draw(st.integers(1, 4))))
    ones = [axis for axis, size in enumerate(shape) if size == 1]
    return shape, {"axes": tuple(ones)}


def new_axes(draw: Draw) -> Attributes:
    shape = draw(shapes(1, 4))
    return shape, {"axis": draw(st.integers(0, len(shape)))}


def blocks_of_channels(draw: Draw) -> Attributes:
    block = draw(st.integers(1, 3))
    height, width, channels = draw(st.tuples(*[st.integers(1, 4)] * 3))
    return (draw(st.integers(1, 2)), height, width, channels * block**2), {"block_size": block}


def blocks_of_pixels(draw: Draw) -> Attributes:
    block = draw(st.integers(1, 3))
    height, width, channels = draw(st.tuples(*[st.integers(1, 4)] * 3))
    return (draw(st.integers(1, 2)), height * block, width * block, channels), {"block_size": block}


def blocks_to_batches(draw: Draw) -> Attributes:
    blocks = draw(st.tuples(st.integers(1, 3), st.integers(1, 3)))
    padded = [block * draw(st.integers(2, 4)) for block in blocks]
    before = [draw(st.integers(0, size // 2 - 1)) for size in padded]
    after = [draw(st.integers(0, size // 2)) for size in padded]
    inner = [size - a - b for size, a, b in zip(padded, before, after, strict=True)]
    shape = draw(st.integers(1, 2)), inner[0], inner[1], draw(st.integers(1, 3))
    return shape, {"block_shape": blocks, "paddings": tuple(zip(before, after, strict=True))}


def batches_to_blocks(draw: Draw) -> Attributes:
    blocks = draw(st.tuples(st.integers(1, 3), st.integers(1, 3)))
    height, width = draw(st.tuples(st.integers(2, 4), st.integers(2, 4)))
    crops = tuple((draw(st.integers(0, 1)), draw(st.integers(0, 0))) for _ in blocks)
    shape = draw(st.integers(1, 2)) * blocks[0] * blocks[1], height, width, draw(st.integers(1, 3))
    return shape, {"block_shape": blocks, "crops": crops}


def mirror_pads(draw: Draw) -> Attributes:
    shape = draw(shapes(1, 4, 5))
    symmetric = draw(st.booleans())
    most = [size - (not symmetric) for size in shape]
    paddings = tuple((draw(st.integers(0, size)), draw(st.integers(0, size))) for size in most)
    return shape, {"paddings": paddings, "symmetric": symmetric}


@pytest.mark.parametrize(
    ("kind", "attributes"),
    [
        (Slice, slices),
        (StridedSlice, strided_slices),
        (Tile, tiles),
        (Squeeze, squeezes),
        (ExpandDims, new_axes),
        (DepthToSpace, blocks_of_channels),
        (SpaceToDepth, blocks_of_pixels),
        (SpaceToBatchNd, blocks_to_batches),
        (BatchToSpaceNd, batches_to_blocks),
        (MirrorPad, mirror_pads),
    ],
)
@given(st.data())
def test_movements(kind: Any, attributes: Callable[[Draw], Attributes], data: st.DataObject) -> None:
    @st.composite
    def cases(draw: Draw) -> Case:
        builder = CaseBuilder(draw)
        shape, values = attributes(draw)
        dtype = draw(st.sampled_from(DTYPES))
        quantization = draw(quantizations(dtype))
        operands = {"input": builder.input(shape, dtype, quantization), "output": builder.output(dtype, quantization)}
        return builder.case(kind(**operands, **values))

    assert_matches_tflite(data.draw(cases()))


@st.composite
def pad_v2_cases(draw: Draw) -> Case:
    builder = CaseBuilder(draw)
    shape = draw(shapes(1, 4, 4))
    dtype = draw(st.sampled_from(DTYPES))
    quantization = draw(quantizations(dtype))
    x, value = builder.input(shape, dtype, quantization), builder.input((1,), dtype, quantization)
    paddings = tuple((draw(st.integers(0, 3)), draw(st.integers(0, 3))) for _ in shape)
    return builder.case(PadV2(input=x, value=value, output=builder.output(dtype, quantization), paddings=paddings))


@given(pad_v2_cases())
def test_pad_v2(case: Case) -> None:
    assert_matches_tflite(case)


@st.composite
def pack_cases(draw: Draw) -> Case:
    builder = CaseBuilder(draw)
    shape = draw(shapes(1, 3, 4))
    dtype = draw(st.sampled_from(DTYPES))
    quantization = draw(quantizations(dtype))
    packed = tuple(builder.input(shape, dtype, quantization) for _ in range(draw(st.integers(1, 4))))
    axis = draw(st.integers(0, len(shape)))
    return builder.case(Pack(packed=packed, output=builder.output(dtype, quantization), axis=axis))


@given(pack_cases())
def test_pack(case: Case) -> None:
    assert_matches_tflite(case)


@st.composite
def division_cases(draw: Draw, kind: Any) -> Case:
    builder = CaseBuilder(draw)
    shape = draw(shapes(1, 4, 4))
    dtype = draw(st.sampled_from(DTYPES))
    quantization = draw(quantizations(dtype))
    axis = draw(st.integers(0, len(shape) - 1))
    x = builder.input(shape, dtype, quantization)
    if kind is Unpack:
        parts = tuple(builder.output(dtype, quantization) for _ in range(shape[axis]))
        return builder.case(Unpack(input=x, slices=parts, axis=axis))
    first = draw(st.integers(1, shape[axis]))
    sizes = (first,) if first == shape[axis] else (first, shape[axis] - first)
    parts = tuple(builder.output(dtype, quantization) for _ in sizes)
    return builder.case(SplitV(input=x, parts=parts, sizes=sizes, axis=axis))


@pytest.mark.parametrize("kind", [Unpack, SplitV])
@given(st.data())
def test_parts(kind: Any, data: st.DataObject) -> None:
    assert_matches_tflite(data.draw(division_cases(kind)))


@st.composite
def extremum_cases(draw: Draw, kind: Any) -> Case:
    builder = CaseBuilder(draw)
    shape = draw(shapes(1, 4, 5))
    dtype = draw(st.sampled_from(DTYPES))
    quantization = draw(quantizations(dtype))
    if kind in (Minimum, Maximum):
        other = tuple(1 if draw(st.booleans()) else size for size in shape)
        operands = {"lhs": builder.input(shape, dtype, quantization), "rhs": builder.input(other, dtype, quantization)}
        return builder.case(kind(**operands, output=builder.output(dtype, quantization)))
    x = builder.input(shape, dtype, quantization)
    if kind in (ArgMin, ArgMax):
        result = builder.output(draw(st.sampled_from([DType.INT32, DType.INT64])))
        return builder.case(kind(input=x, output=result, axis=draw(st.integers(0, len(shape) - 1))))
    axes = tuple(sorted(draw(st.sets(st.integers(0, len(shape) - 1), min_size=1))))
    result = builder.output(dtype, quantization)
    return builder.case(kind(input=x, output=result, axes=axes, keep_dims=draw(st.booleans())))


@pytest.mark.parametrize("kind", [Minimum, Maximum, ReduceMin, ReduceMax, ArgMin, ArgMax])
@given(st.data())
def test_extrema(kind: Any, data: st.DataObject) -> None:
    assert_matches_tflite(data.draw(extremum_cases(kind)))


@pytest.mark.parametrize("dtype", [DType.INT32, DType.INT64])
@given(st.data())
def test_shape(dtype: DType, data: st.DataObject) -> None:
    @st.composite
    def cases(draw: Draw) -> Case:
        builder = CaseBuilder(draw)
        x = builder.input(draw(shapes(1, 4)), DType.FLOAT32)
        return builder.case(ShapeOf(input=x, output=builder.output(dtype)))

    assert_matches_tflite(data.draw(cases()))
