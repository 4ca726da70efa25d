"""Elementary functions, casts and lookups against TensorFlow Lite's reference kernels."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from npu_hal.api import (
    Abs,
    Array,
    Cast,
    ComplexAbs,
    Div,
    DType,
    EmbeddingLookup,
    Exp,
    Floor,
    FloorDiv,
    Gather,
    GatherNd,
    InvalidInput,
    Log,
    Neg,
    Rsqrt,
    Shape,
    Sqrt,
    SquaredDifference,
)
from tests.software.checks import assert_matches_tflite, run_reference
from tests.software.strategies import Case, CaseBuilder, activations, random_array, shapes

Draw = st.DrawFn
PLAIN = (DType.INT32, DType.FLOAT32)


@st.composite
def function_cases(draw: Draw, kind: Any, dtype: DType) -> Case:
    builder = CaseBuilder(draw)
    data = random_array(builder.random, draw(shapes(1, 4)), dtype)
    if kind in (Log, Rsqrt, Sqrt):
        data = np.abs(data) + np.float32(1e-3)
    return builder.case(kind(input=builder.operand(data, None, False), output=builder.output(dtype)))


@pytest.mark.parametrize(
    ("kind", "dtype"),
    [(kind, DType.FLOAT32) for kind in (Abs, Exp, Floor, Log, Neg, Rsqrt, Sqrt)]
    + [(Abs, DType.INT32), (Neg, DType.INT32), (Neg, DType.INT64)],
)
@given(st.data())
def test_functions(kind: Any, dtype: DType, data: st.DataObject) -> None:
    assert_matches_tflite(data.draw(function_cases(kind, dtype)))


@st.composite
def magnitudes(draw: Draw) -> Case:
    builder = CaseBuilder(draw)
    data = builder.random.standard_normal((*draw(shapes(1, 3)), 2)).astype(np.float32).view(np.complex64)
    return builder.case(ComplexAbs(input=builder.operand(data, None, False), output=builder.output(DType.FLOAT32)))


@given(magnitudes())
def test_complex_abs(case: Case) -> None:
    assert_matches_tflite(case)


@st.composite
def arithmetic_cases(draw: Draw, kind: Any, dtype: DType) -> Case:
    builder = CaseBuilder(draw)
    shape = draw(shapes(1, 4))
    other = tuple(1 if draw(st.integers(0, 3)) == 0 else size for size in shape)
    divisors = random_array(builder.random, other, dtype)
    # The smallest int32 divided by -1 traps in TensorFlow Lite.
    divisors[(divisors == 0) | (divisors == -1)] = 3
    operands = {"lhs": builder.input(shape, dtype), "rhs": builder.operand(divisors, None, False)}
    attributes = {"activation": draw(activations)} if kind is Div else {}
    return builder.case(kind(**operands, output=builder.output(dtype), **attributes))


@pytest.mark.parametrize("kind", [Div, FloorDiv, SquaredDifference])
@pytest.mark.parametrize("dtype", PLAIN)
@given(st.data())
def test_arithmetic(kind: Any, dtype: DType, data: st.DataObject) -> None:
    assert_matches_tflite(data.draw(arithmetic_cases(kind, dtype)))


CAST_TYPES = (DType.BOOL, DType.UINT8, DType.INT8, DType.INT16, DType.INT32, DType.INT64, DType.FLOAT32)


@pytest.mark.parametrize("source", CAST_TYPES)
@pytest.mark.parametrize("result", CAST_TYPES)
@given(st.data())
def test_cast(source: DType, result: DType, data: st.DataObject) -> None:
    @st.composite
    def cases(draw: Draw) -> Case:
        builder = CaseBuilder(draw)
        array = random_array(builder.random, draw(shapes(1, 4)), source)
        if source is DType.FLOAT32:
            array *= np.float32(draw(st.sampled_from([1.0, 100.0, 1e9, 1e19])))
            array.flat[:1] = draw(st.sampled_from([0.0, np.inf, -np.inf, np.nan, 2.0**31, 2.0**63]))
        return builder.case(Cast(input=builder.operand(array, None, False), output=builder.output(result)))

    assert_matches_tflite(data.draw(cases()))


def _indices(builder: CaseBuilder, shape: Shape, sizes: Any) -> int:
    indices: Array = builder.random.integers(0, sizes, shape).astype(builder.draw(st.sampled_from(["int32", "int64"])))
    return builder.operand(indices, None, False)


@st.composite
def gathers(draw: Draw) -> Case:
    builder = CaseBuilder(draw)
    shape = draw(shapes(1, 4, 5))
    dtype = draw(st.sampled_from([DType.UINT8, DType.INT8, DType.INT32, DType.FLOAT32]))
    axis = draw(st.integers(0, len(shape) - 1))
    batch = draw(st.integers(0, axis))
    x = builder.input(shape, dtype)
    indices = _indices(builder, (*shape[:batch], *draw(shapes(1, 2, 4))), shape[axis])
    return builder.case(Gather(input=x, indices=indices, output=builder.output(dtype), axis=axis, batch_dims=batch))


@given(gathers())
def test_gather(case: Case) -> None:
    assert_matches_tflite(case)


@st.composite
def gathers_nd(draw: Draw) -> Case:
    builder = CaseBuilder(draw)
    shape = draw(shapes(1, 4, 5))
    dtype = draw(st.sampled_from([DType.UINT8, DType.INT8, DType.INT32, DType.FLOAT32]))
    depth = draw(st.integers(1, len(shape)))
    x = builder.input(shape, dtype)
    indices = _indices(builder, (*draw(shapes(1, 2, 4)), depth), shape[:depth])
    return builder.case(GatherNd(input=x, indices=indices, output=builder.output(dtype)))


@given(gathers_nd())
def test_gather_nd(case: Case) -> None:
    assert_matches_tflite(case)


@given(st.data())
def test_embedding_lookup(data: st.DataObject) -> None:
    @st.composite
    def cases(draw: Draw) -> Case:
        builder = CaseBuilder(draw)
        shape = draw(shapes(2, 3, 6))
        rows = builder.random.integers(0, shape[0], draw(st.integers(1, 8)), np.int32)
        lookups = builder.operand(rows, None, False)
        values = builder.input(shape, DType.FLOAT32)
        return builder.case(EmbeddingLookup(lookups=lookups, values=values, output=builder.output(DType.FLOAT32)))

    assert_matches_tflite(data.draw(cases()))


@given(gathers(), st.sampled_from([-1, 100]))
def test_an_index_outside_is_refused(case: Case, index: int) -> None:
    x, indices = case.inputs
    with pytest.raises(InvalidInput, match=f"GATHER asks for element {index} of an axis of"):
        run_reference(case.graph, [x, np.full_like(indices, index)])


@pytest.mark.parametrize("kind", [Div, FloorDiv])
@given(st.data())
def test_an_integer_divisor_of_0_is_refused(kind: Any, data: st.DataObject) -> None:
    case = data.draw(arithmetic_cases(kind, DType.INT32))
    with pytest.raises(InvalidInput, match="divisor of 0"):
        run_reference(case.graph, [case.inputs[0], np.zeros_like(case.inputs[1])])
