"""LEAKY_RELU and PRELU against TensorFlow Lite's reference kernels."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from npu_hal.api import DType, LeakyRelu, Prelu
from tests.software.checks import assert_matches_tflite
from tests.software.strategies import Case, CaseBuilder, quantizations, shapes

DTYPES = (DType.UINT8, DType.INT8, DType.FLOAT32)


@st.composite
def leaky_relus(draw: st.DrawFn, dtype: DType) -> Case:
    builder = CaseBuilder(draw)
    x = builder.input((3, 256), dtype, draw(quantizations(dtype)))
    result = builder.output(dtype, draw(quantizations(dtype)))
    alpha = draw(st.sampled_from([0.1, 0.01, 0.3, 1.5, 0.0, -0.3]))
    return builder.case(LeakyRelu(input=x, output=result, alpha=alpha))


@pytest.mark.parametrize("dtype", DTYPES)
@given(st.data())
def test_leaky_relu(dtype: DType, data: st.DataObject) -> None:
    assert_matches_tflite(data.draw(leaky_relus(dtype)))


@st.composite
def prelus(draw: st.DrawFn, dtype: DType) -> Case:
    builder = CaseBuilder(draw)
    shape = draw(shapes(2, 4))
    slopes = (*(1 for _ in shape[1:-1]), shape[-1])
    x = builder.input(shape, dtype, draw(quantizations(dtype)))
    alpha = builder.input(slopes, dtype, draw(quantizations(dtype)))
    return builder.case(Prelu(input=x, alpha=alpha, output=builder.output(dtype, draw(quantizations(dtype)))))


@pytest.mark.parametrize("dtype", DTYPES)
@given(st.data())
def test_prelu(dtype: DType, data: st.DataObject) -> None:
    assert_matches_tflite(data.draw(prelus(dtype)))
