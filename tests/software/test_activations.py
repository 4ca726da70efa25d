"""HARD_SWISH, ELU, RELU_N1_TO_1 and LOG_SOFTMAX against TensorFlow Lite's reference kernels."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from npu_hal.api import DType, Elu, HardSwish, LogSoftmax, Quantization, ReluN1To1
from npu_hal_software.driver import SoftwareDriver
from tests.software.checks import assert_matches_tflite
from tests.software.strategies import Case, CaseBuilder, quantizations, scales, shapes, zero_points

QUANTISED = (DType.UINT8, DType.INT8)


@st.composite
def cases(draw: st.DrawFn, kind: Any, dtype: DType, spread: float = 1.0) -> Case:
    """Random values with random quantisations, floats of the standard deviation `spread`."""
    builder = CaseBuilder(draw)
    x = builder.input((3, 256), dtype, draw(quantizations(dtype)))
    case = builder.case(kind(input=x, output=builder.output(dtype, draw(quantizations(dtype)))))
    if dtype is DType.FLOAT32:
        case.inputs[0][...] *= spread
    return case


@pytest.mark.parametrize("kind", [HardSwish, Elu, ReluN1To1])
@given(st.data())
def test_float(kind: Any, data: st.DataObject) -> None:
    assert_matches_tflite(data.draw(cases(kind, DType.FLOAT32, 4.0)))


@pytest.mark.parametrize(("kind", "dtype"), [*((ReluN1To1, dtype) for dtype in QUANTISED), (Elu, DType.INT8)])
@given(st.data())
def test_quantised(kind: Any, dtype: DType, data: st.DataObject) -> None:
    assert_matches_tflite(data.draw(cases(kind, dtype)))


@st.composite
def hard_swishes(draw: st.DrawFn, dtype: DType) -> Case:
    """The input's scale at most 127 times the output's: TensorFlow Lite refuses more."""
    builder = CaseBuilder(draw)
    scale = draw(scales())
    ratio = draw(scales(1e-2, 127.0))
    x = builder.input((3, 256), dtype, Quantization.per_tensor(scale, draw(zero_points(dtype))))
    result = builder.output(dtype, Quantization.per_tensor(scale / ratio, draw(zero_points(dtype))))
    return builder.case(HardSwish(input=x, output=result))


@pytest.mark.parametrize("dtype", QUANTISED)
@given(st.data())
def test_quantised_hard_swish(dtype: DType, data: st.DataObject) -> None:
    assert_matches_tflite(data.draw(hard_swishes(dtype)))


@st.composite
def log_softmaxes(draw: st.DrawFn, dtype: DType) -> Case:
    builder = CaseBuilder(draw)
    x = builder.input(draw(shapes(1, 4, 40)), dtype, draw(quantizations(dtype)))
    quantization = None
    if dtype is not DType.FLOAT32:
        quantization = Quantization.per_tensor(16 / 256, dtype.integer_range[1])
    return builder.case(LogSoftmax(input=x, output=builder.output(dtype, quantization)))


@pytest.mark.parametrize("dtype", [DType.FLOAT32, *QUANTISED])
@given(st.data())
def test_log_softmax(dtype: DType, data: st.DataObject) -> None:
    assert_matches_tflite(data.draw(log_softmaxes(dtype)))


def _refusal(case: Case) -> str:
    with SoftwareDriver().open(options={"level": "reference"}) as device:
        return device.supports(case.graph.operations[0], case.graph).reason


@given(st.data())
def test_what_has_no_definition_is_refused(data: st.DataObject) -> None:
    assert "ELU of uint8" in _refusal(data.draw(cases(Elu, DType.UINT8)))

    @st.composite
    def with_scales(draw: st.DrawFn, kind: Any, source: float, result: float, size: int = 8) -> Case:
        builder = CaseBuilder(draw)
        x = builder.input((1, size), DType.INT8, Quantization.per_tensor(source, 0))
        return builder.case(kind(input=x, output=builder.output(DType.INT8, Quantization.per_tensor(result, 127))))

    assert "times the output's" in _refusal(data.draw(with_scales(HardSwish, 1.0, 0.001)))
    assert "gate" in _refusal(data.draw(with_scales(HardSwish, 1e-8, 1e-8)))
    assert "steps of 1/16" in _refusal(data.draw(with_scales(LogSoftmax, 1.0, 1.0)))
    assert "below 2**-26" in _refusal(data.draw(with_scales(LogSoftmax, 1e-9, 1 / 16)))
    assert "up to 4095 elements" in _refusal(data.draw(with_scales(LogSoftmax, 1.0, 1 / 16, 4096)))
