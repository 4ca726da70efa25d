"""Operations that move values against TensorFlow Lite's reference kernels."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from npu_hal.api import Concatenation, DType, Pad, Reshape, Split, Transpose
from tests.software.checks import assert_matches_tflite
from tests.software.strategies import Case, CaseBuilder, quantizations, shapes, unary_case

DTYPES = (DType.UINT8, DType.INT8, DType.INT32, DType.FLOAT32)


@st.composite
def concatenations(draw: st.DrawFn, dtype: DType) -> Case:
    """Parts of different sizes; uint8 parts differ in quantisation, which TensorFlow Lite does not let int8 do."""
    builder = CaseBuilder(draw)
    shape = draw(shapes(1, 4, 5))
    axis = draw(st.integers(0, len(shape) - 1))
    common = draw(quantizations(dtype))
    parts = []
    for _ in range(draw(st.integers(1, 4))):
        part = (*shape[:axis], draw(st.integers(1, 6)), *shape[axis + 1 :])
        differs = dtype is DType.UINT8 and draw(st.booleans())
        parts.append(builder.input(part, dtype, draw(quantizations(dtype)) if differs else common))
    return builder.case(Concatenation(concatenated=tuple(parts), output=builder.output(dtype, common), axis=axis))


@pytest.mark.parametrize("dtype", DTYPES)
@given(st.data())
def test_concatenation(dtype: DType, data: st.DataObject) -> None:
    assert_matches_tflite(data.draw(concatenations(dtype)))


@st.composite
def splits(draw: st.DrawFn, dtype: DType) -> Case:
    builder = CaseBuilder(draw)
    shape = list(draw(shapes(1, 4, 5)))
    axis = draw(st.integers(0, len(shape) - 1))
    count = draw(st.integers(1, 4))
    shape[axis] *= count
    quantization = draw(quantizations(dtype))
    source = builder.input(tuple(shape), dtype, quantization)
    parts = tuple(builder.output(dtype, quantization) for _ in range(count))
    return builder.case(Split(input=source, parts=parts, axis=axis))


@pytest.mark.parametrize("dtype", [DType.UINT8, DType.INT8, DType.INT32, DType.FLOAT32])
@given(st.data())
def test_split(dtype: DType, data: st.DataObject) -> None:
    assert_matches_tflite(data.draw(splits(dtype)))


@st.composite
def pads(draw: st.DrawFn, dtype: DType) -> Case:
    shape = draw(shapes(1, 4, 5))
    paddings = tuple((draw(st.integers(0, 3)), draw(st.integers(0, 3))) for _ in shape)
    operand = dtype, draw(quantizations(dtype))
    return unary_case(draw, Pad, shape, operand, operand, paddings=paddings)


@pytest.mark.parametrize("dtype", DTYPES)
@given(st.data())
def test_pad(dtype: DType, data: st.DataObject) -> None:
    assert_matches_tflite(data.draw(pads(dtype)))


@st.composite
def reshapes(draw: st.DrawFn, dtype: DType) -> Case:
    shape = draw(shapes(1, 4, 5))
    builder = CaseBuilder(draw)
    quantization = draw(quantizations(dtype))
    source, result = builder.input(shape, dtype, quantization), builder.output(dtype, quantization)
    return builder.case(Reshape(input=source, output=result, shape=draw(st.permutations(shape).map(tuple))))


@st.composite
def transposes(draw: st.DrawFn, dtype: DType) -> Case:
    shape = draw(shapes(1, 5, 5))
    operand = dtype, draw(quantizations(dtype))
    permutation = draw(st.permutations(range(len(shape))).map(tuple))
    return unary_case(draw, Transpose, shape, operand, operand, permutation=permutation)


@pytest.mark.parametrize("dtype", DTYPES)
@given(st.data())
def test_transpose(dtype: DType, data: st.DataObject) -> None:
    assert_matches_tflite(data.draw(transposes(dtype)))


@pytest.mark.parametrize("dtype", DTYPES)
@given(st.data())
def test_reshape(dtype: DType, data: st.DataObject) -> None:
    assert_matches_tflite(data.draw(reshapes(dtype)))
