"""L2_NORMALIZATION against TensorFlow Lite's kernels."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from npu_hal.api import Array, DType, Graph, GraphBuilder, L2Normalization, Quantization
from npu_hal_software.driver import SoftwareDriver
from tests.litert import run_graph
from tests.software.checks import assert_matches_tflite, run_reference
from tests.software.strategies import Case, CaseBuilder, quantizations, shapes

OUTPUTS = {
    DType.FLOAT32: None,
    DType.UINT8: Quantization.per_tensor(1 / 128, 128),
    DType.INT8: Quantization.per_tensor(1 / 128, 0),
}


def graph_of(
    x: Array, quantization: Quantization | None, output: Quantization | None, axis: int | None = None
) -> Graph:
    """Of an input like `x`, along the last axis unless another is given."""
    dtype = DType(x.dtype.name)
    builder = GraphBuilder()
    source = builder.input("x", x.shape, dtype, quantization)
    y = builder.tensor("y", dtype, output)
    builder.append(L2Normalization(input=source, output=y, axis=x.ndim - 1 if axis is None else axis))
    return builder.build([y])


@st.composite
def cases(draw: st.DrawFn, dtype: DType) -> Case:
    builder = CaseBuilder(draw)
    shape = (*draw(shapes(0, 3)), draw(st.integers(1, 300)))
    x = builder.input(shape, dtype, draw(quantizations(dtype)))
    return builder.case(L2Normalization(input=x, output=builder.output(dtype, OUTPUTS[dtype]), axis=len(shape) - 1))


@pytest.mark.parametrize("dtype", OUTPUTS)
@given(st.data())
def test_random_vectors(dtype: DType, data: st.DataObject) -> None:
    assert_matches_tflite(data.draw(cases(dtype)))


@pytest.mark.parametrize("dtype", [DType.UINT8, DType.INT8])
@pytest.mark.parametrize("length", [1, 2, 8_256, 8_257, 8_300, 33_025])
def test_sums_of_squares_up_to_the_end_of_int32(dtype: DType, length: int) -> None:
    low, high = dtype.integer_range
    rows = [
        np.full(length, high),
        np.full(length, low),
        np.arange(length) % 2 + low,
        np.arange(length) % 256 + low,
    ]
    x = np.stack(rows).astype(dtype.numpy)
    graph = graph_of(x, Quantization.per_tensor(0.5, low), OUTPUTS[dtype])
    np.testing.assert_array_equal(run_reference(graph, [x])[0], run_graph(graph, [x])[0])


@pytest.mark.parametrize("dtype", OUTPUTS)
@pytest.mark.parametrize("axis", [0, 1])
def test_other_axes_are_those_of_a_transposed_tensor(dtype: DType, axis: int) -> None:
    random = np.random.default_rng(axis)
    values = random.uniform(-1, 1, (3, 4, 5)) if dtype is DType.FLOAT32 else random.integers(0, 100, (3, 4, 5))
    x = values.astype(dtype.numpy)
    quantization = OUTPUTS[dtype] and Quantization.per_tensor(0.3, 7)
    (result,) = run_reference(graph_of(x, quantization, OUTPUTS[dtype], axis), [x])
    last = np.ascontiguousarray(np.moveaxis(x, axis, -1))
    (expected,) = run_graph(graph_of(last, quantization, OUTPUTS[dtype]), [last])
    np.testing.assert_allclose(np.moveaxis(result, axis, -1), expected, rtol=1e-6 if dtype is DType.FLOAT32 else 0)


@pytest.mark.parametrize(
    ("dtype", "length", "output", "reason"),
    [
        (DType.INT8, 4, Quantization.per_tensor(1 / 64, 0), "scale 0.015625 and zero point 0; .* int8 has 1/128 and 0"),
        (DType.UINT8, 4, Quantization.per_tensor(1 / 128, 0), "zero point 0; .* uint8 has 1/128 and 128"),
        (DType.INT8, 33_026, OUTPUTS[DType.INT8], "the squares of 33026 values may sum up to more than int32 holds"),
    ],
)
def test_what_tensorflow_lite_does_not_define_is_refused(
    dtype: DType, length: int, output: Quantization, reason: str
) -> None:
    graph = graph_of(np.zeros((1, length), dtype.numpy), Quantization.per_tensor(0.5, 3), output)
    with SoftwareDriver().open(options={"level": "reference"}) as device:
        support = device.supports(graph.operations[0], graph)
    assert not support
    assert re.search(reason, support.reason)
