"""Functions and arithmetic of int8 and uint8 values that whole numbers have too, against TensorFlow Lite's kernels."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from npu_hal.api import (
    Abs,
    Activation,
    Div,
    DType,
    Exp,
    GraphBuilder,
    InvalidInput,
    Log,
    Quantization,
    Rsqrt,
    SquaredDifference,
)
from npu_hal_software.driver import SoftwareDriver
from tests.software.checks import assert_matches_tflite, run_reference
from tests.software.strategies import Case, CaseBuilder, activations, quantizations, scales, shapes, zero_points

Draw = st.DrawFn


@st.composite
def function_cases(draw: Draw, kind: Any) -> Case:
    builder = CaseBuilder(draw)
    # Exponentials stay within int32, where TensorFlow Lite defines them.
    scale = draw(scales(1e-3, 0.04) if kind is Exp else scales())
    quantization = Quantization.per_tensor(scale, draw(zero_points(DType.INT8)))
    low = quantization.zero_points[0] if kind is Rsqrt else -128
    data = builder.random.integers(low, 127, (3, 256), np.int8, endpoint=True)
    x = builder.operand(data, quantization, False)
    return builder.case(kind(input=x, output=builder.output(DType.INT8, draw(quantizations(DType.INT8)))))


@pytest.mark.parametrize("kind", [Abs, Exp, Log, Rsqrt])
@given(st.data())
def test_functions(kind: Any, data: st.DataObject) -> None:
    assert_matches_tflite(data.draw(function_cases(kind)))


def test_exponentials_beyond_all_integers_are_the_highest_value() -> None:
    builder = GraphBuilder()
    x = builder.input("x", (2,), DType.INT8, Quantization.per_tensor(4.0, -128))
    y = builder.tensor("y", DType.INT8, Quantization.per_tensor(0.5, 3))
    builder.append(Exp(input=x, output=y))
    (results,) = run_reference(builder.build([y]), [np.array([-128, 127], np.int8)])
    # exp(0) is 2 steps; exp(1020) is infinity in float32.
    np.testing.assert_array_equal(results, [5, 127])


@given(function_cases(Rsqrt))
def test_a_root_of_a_negative_number_is_refused(case: Case) -> None:
    zero_point = case.graph.input_tensors[0].affine().zero_point
    if zero_point > -128:
        with pytest.raises(InvalidInput, match="negative"):
            run_reference(case.graph, [np.full_like(case.inputs[0], zero_point - 1)])


@st.composite
def divisions(draw: Draw, dtype: DType, ratios: tuple[float, float] = (1e-3, 1e3)) -> Case:
    """`ratios` are the bounds of the quotient of the first scale by the product of the others."""
    builder = CaseBuilder(draw)
    shape = draw(shapes(1, 4))
    other = tuple(1 if draw(st.integers(0, 3)) == 0 else size for size in shape)
    lhs, rhs = (Quantization.per_tensor(draw(scales()), draw(zero_points(dtype))) for _ in range(2))
    result = lhs.scales[0] / rhs.scales[0] / draw(scales(*ratios))
    low, high = dtype.integer_range
    divisors = builder.random.integers(low, high, other, dtype.value, endpoint=True)
    divisors[divisors == rhs.zero_points[0]] = low if rhs.zero_points[0] > low else high
    operands = {"lhs": builder.input(shape, dtype, lhs), "rhs": builder.operand(divisors, rhs, False)}
    output = builder.output(dtype, Quantization.per_tensor(result, draw(zero_points(dtype))))
    return builder.case(Div(**operands, output=output, activation=draw(activations)))


@st.composite
def squared_differences(draw: Draw) -> Case:
    """Squares in steps of no less than the output's, beyond which TensorFlow Lite aborts."""
    builder = CaseBuilder(draw)
    shape = draw(shapes(1, 4))
    other = tuple(1 if draw(st.integers(0, 3)) == 0 else size for size in shape)
    lhs, rhs = (draw(scales()) for _ in range(2))
    result = (2 * max(lhs, rhs)) ** 2 / 2**14 / draw(scales(1e-6, 0.99))
    operands = [(shape, lhs), (other, rhs)]
    left, right = (
        builder.input(size, DType.INT8, Quantization.per_tensor(scale, draw(zero_points(DType.INT8))))
        for size, scale in operands
    )
    output = builder.output(DType.INT8, Quantization.per_tensor(result, draw(zero_points(DType.INT8))))
    return builder.case(SquaredDifference(lhs=left, rhs=right, output=output))


@given(squared_differences())
def test_squared_difference(case: Case) -> None:
    assert_matches_tflite(case)


# Below, TensorFlow Lite shifts words by more bits than they have.
@given(divisions(DType.UINT8, (2.0**6, 2.0**20)))
def test_division(case: Case) -> None:
    assert_matches_tflite(case)


@given(divisions(DType.UINT8, (1e-5, 2.0**6)))
def test_division_of_little_is_close_to_that_of_real_numbers(case: Case) -> None:
    tensors = case.graph.tensors
    (operation,) = case.graph.operations
    assert isinstance(operation, Div)
    operation = operation.model_copy(update={"activation": Activation.NONE})
    case = Case(case.graph.model_copy(update={"operations": (operation,)}), case.inputs)
    lhs, rhs, output = (tensors[index].affine() for index in (operation.lhs, operation.rhs, operation.output))
    a, b = (x.astype(np.float64) - q.zero_point for x, q in zip(case.inputs, (lhs, rhs), strict=True))
    steps = a * lhs.scale / (b * rhs.scale) / output.scale
    (result,) = run_reference(case.graph, case.inputs)
    expected = np.clip(np.round(steps) + output.zero_point, 0, 255)
    assert np.abs(result - expected).max() <= 1


@given(divisions(DType.UINT8))
def test_a_quantised_divisor_of_0_is_refused(case: Case) -> None:
    zero_point = case.graph.input_tensors[1].affine().zero_point
    with pytest.raises(InvalidInput, match="divisor of 0"):
        run_reference(case.graph, [case.inputs[0], np.full_like(case.inputs[1], zero_point)])


@given(divisions(DType.INT8))
def test_division_of_int8_is_refused(case: Case) -> None:
    with SoftwareDriver().open(options={"level": "reference"}) as device:
        assert "DIV of int8" in device.supports(case.graph.operations[0], case.graph).reason
