"""Arithmetic, activations and changes of representation against TensorFlow Lite's reference kernels."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from npu_hal.api import (
    Add,
    Dequantize,
    DType,
    Logistic,
    Mul,
    Quantization,
    Quantize,
    Relu,
    Relu6,
    Softmax,
    Sub,
    Tanh,
)
from tests.software.checks import assert_matches_tflite
from tests.software.strategies import (
    Case,
    CaseBuilder,
    activations,
    quantizations,
    scales,
    shapes,
    unary_case,
    zero_points,
)

DTYPES = (DType.UINT8, DType.INT8, DType.FLOAT32)
QUANTISED = (DType.UINT8, DType.INT8)


@st.composite
def arithmetic(draw: st.DrawFn, kind: Any, dtype: DType) -> Case:
    """Two tensors that broadcast, or are equal in shape."""
    builder = CaseBuilder(draw)
    shape = draw(shapes(1, 4))
    other = tuple(1 if draw(st.integers(0, 3)) == 0 else size for size in shape)
    other = other[draw(st.integers(0, len(other) - 1)) :] if draw(st.booleans()) else shape
    pair = (shape, other) if draw(st.booleans()) else (other, shape)
    operands = {
        name: builder.input(operand, dtype, draw(quantizations(dtype)))
        for name, operand in zip(("lhs", "rhs"), pair, strict=True)
    }
    operands["output"] = builder.output(dtype, draw(quantizations(dtype, 1e-3, 50.0)))
    activation = draw(activations)
    return builder.case(kind(**operands, activation=activation))


@pytest.mark.parametrize("kind", [Add, Sub, Mul])
@pytest.mark.parametrize("dtype", [*DTYPES, DType.INT32])
@given(st.data())
def test_arithmetic(kind: Any, dtype: DType, data: st.DataObject) -> None:
    assert_matches_tflite(data.draw(arithmetic(kind, dtype)))


@pytest.mark.parametrize("kind", [Relu, Relu6])
@pytest.mark.parametrize("dtype", DTYPES)
@given(st.data())
def test_relu(kind: Any, dtype: DType, data: st.DataObject) -> None:
    case = data.draw(
        st.composite(
            lambda draw: unary_case(
                draw, kind, draw(shapes()), (dtype, draw(quantizations(dtype))), (dtype, draw(quantizations(dtype)))
            )
        )()
    )
    assert_matches_tflite(case)


def fixed_output(dtype: DType, scale: float, centred: bool) -> Quantization | None:
    """The only quantisation that TensorFlow Lite lets some outputs have."""
    if dtype is DType.FLOAT32:
        return None
    low, high = dtype.integer_range
    return Quantization.per_tensor(scale, (low + high + 1) // 2 if centred else low)


@pytest.mark.parametrize(("kind", "scale", "centred"), [(Logistic, 1 / 256, False), (Tanh, 1 / 128, True)])
@pytest.mark.parametrize("dtype", DTYPES)
@given(st.data())
def test_smooth_activations(kind: Any, scale: float, centred: bool, dtype: DType, data: st.DataObject) -> None:
    case = data.draw(
        st.composite(
            lambda draw: unary_case(
                draw,
                kind,
                (4, 256),
                (dtype, draw(quantizations(dtype))),
                (dtype, fixed_output(dtype, scale, centred)),
            )
        )()
    )
    assert_matches_tflite(case)


@pytest.mark.parametrize("dtype", DTYPES)
@given(st.data())
def test_softmax(dtype: DType, data: st.DataObject) -> None:
    case = data.draw(
        st.composite(
            lambda draw: unary_case(
                draw,
                Softmax,
                # Where exponentials add up to 512 and more, BUILTIN_REF aborts the process.
                (*draw(shapes(0, 3, 3)), draw(st.integers(1, 500))),
                (dtype, draw(quantizations(dtype, 1e-5, 4.0))),
                (dtype, fixed_output(dtype, 1 / 256, False)),
                beta=draw(st.sampled_from([1.0, 0.25, 2.0, 0.1])),
            )
        )()
    )
    assert_matches_tflite(case)


@pytest.mark.parametrize(
    ("source", "result"),
    [
        (DType.FLOAT32, DType.UINT8),
        (DType.FLOAT32, DType.INT8),
        (DType.FLOAT32, DType.INT16),
        (DType.UINT8, DType.UINT8),
        (DType.UINT8, DType.INT8),
        (DType.INT8, DType.UINT8),
        (DType.INT8, DType.INT8),
        (DType.INT8, DType.INT16),
        (DType.INT16, DType.INT8),
        (DType.INT16, DType.INT16),
    ],
)
@given(st.data())
def test_quantize(source: DType, result: DType, data: st.DataObject) -> None:
    case = data.draw(
        st.composite(
            lambda draw: unary_case(
                draw, Quantize, draw(shapes()), (source, _any(draw, source)), (result, _any(draw, result))
            )
        )()
    )
    assert_matches_tflite(case)


@pytest.mark.parametrize("source", [DType.UINT8, DType.INT8, DType.INT16])
@given(st.data())
def test_dequantize(source: DType, data: st.DataObject) -> None:
    case = data.draw(
        st.composite(
            lambda draw: unary_case(
                draw, Dequantize, draw(shapes()), (source, _any(draw, source)), (DType.FLOAT32, None)
            )
        )()
    )
    assert_matches_tflite(case)


def _any(draw: st.DrawFn, dtype: DType) -> Quantization | None:
    if dtype is DType.FLOAT32:
        return None
    # TensorFlow Lite's int16 tensors have the zero point 0.
    zero_point = 0 if dtype is DType.INT16 else draw(zero_points(dtype))
    return Quantization.per_tensor(draw(scales()), zero_point)
