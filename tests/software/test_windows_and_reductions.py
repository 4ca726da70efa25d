"""Pooling, means and resizing against TensorFlow Lite's reference kernels."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from npu_hal.api import (
    AveragePool2D,
    DType,
    Graph,
    MaxPool2D,
    Mean,
    Padding,
    ResizeBilinear,
    ResizeNearestNeighbor,
    Sum,
    resolve_padding,
)
from tests.litert import run_graph
from tests.software.checks import assert_matches_tflite, assert_same, run_reference
from tests.software.strategies import Case, activations, quantizations, shapes, unary_case

DTYPES = (DType.UINT8, DType.INT8, DType.FLOAT32)


@st.composite
def pools(draw: st.DrawFn, kind: Any, dtype: DType) -> Case:
    filter_hw = draw(st.tuples(st.integers(1, 5), st.integers(1, 5)))
    image_hw = [draw(st.integers(taps, taps + 8)) for taps in filter_hw]
    operand = dtype, draw(quantizations(dtype))
    return unary_case(
        draw,
        kind,
        (draw(st.integers(1, 2)), *image_hw, draw(st.integers(1, 20))),
        operand,
        operand,
        filter_height=filter_hw[0],
        filter_width=filter_hw[1],
        stride_height=draw(st.integers(1, 3)),
        stride_width=draw(st.integers(1, 3)),
        padding=draw(st.sampled_from(list(Padding))),
        activation=draw(activations),
    )


@pytest.mark.parametrize("kind", [AveragePool2D, MaxPool2D])
@pytest.mark.parametrize("dtype", DTYPES)
@given(st.data())
def test_pools(kind: Any, dtype: DType, data: st.DataObject) -> None:
    assert_matches_tflite(data.draw(pools(kind, dtype)))


@pytest.mark.parametrize("kind", [AveragePool2D, MaxPool2D])
@pytest.mark.parametrize("dtype", DTYPES)
@given(st.data())
def test_explicit_padding_of_pools_is_that_of_same(kind: Any, dtype: DType, data: st.DataObject) -> None:
    case = data.draw(pools(kind, dtype))
    operation = case.graph.operations[0]
    assert isinstance(operation, AveragePool2D | MaxPool2D)
    same = operation.model_copy(update={"padding": Padding.SAME})
    shape = case.graph.tensors[operation.input].shape
    pads = resolve_padding(Padding.SAME, (shape[1], shape[2]), operation.filter_hw, operation.strides)
    explicit = operation.model_copy(update={"padding": pads})
    expected = run_graph(_of(case.graph, same), case.inputs)
    assert_same(run_reference(_of(case.graph, explicit), case.inputs), expected)


def _of(graph: Graph, operation: AveragePool2D | MaxPool2D) -> Graph:
    """`graph` with `operation` in place of its only one, and the output's shape as that gives it."""
    (shape,) = operation.infer_shapes(graph.tensors)
    tensors = list(graph.tensors)
    tensors[operation.output] = tensors[operation.output].model_copy(update={"shape": shape})
    return Graph(tensors=tuple(tensors), operations=(operation,), inputs=graph.inputs, outputs=graph.outputs)


@st.composite
def means(draw: st.DrawFn, dtype: DType) -> Case:
    shape = draw(shapes(1, 4, 9))
    some_axes = st.sets(st.integers(0, len(shape) - 1), min_size=1)
    axes = draw(st.just({1, 2}) if len(shape) == 4 and draw(st.booleans()) else some_axes)
    source = dtype, draw(quantizations(dtype))
    result = source if draw(st.booleans()) else (dtype, draw(quantizations(dtype)))
    return unary_case(draw, Mean, shape, source, result, axes=tuple(sorted(axes)), keep_dims=draw(st.booleans()))


@pytest.mark.parametrize("dtype", DTYPES)
@given(st.data())
def test_mean(dtype: DType, data: st.DataObject) -> None:
    assert_matches_tflite(data.draw(means(dtype)))


@st.composite
def resizes(draw: st.DrawFn, kind: Any, dtype: DType) -> Case:
    operand = dtype, draw(quantizations(dtype))
    align_corners = draw(st.booleans())
    return unary_case(
        draw,
        kind,
        (draw(st.integers(1, 2)), *draw(st.tuples(st.integers(1, 12), st.integers(1, 12))), draw(st.integers(1, 5))),
        operand,
        operand,
        height=draw(st.integers(1, 25)),
        width=draw(st.integers(1, 25)),
        align_corners=align_corners,
        # TensorFlow Lite takes one of the two at most.
        half_pixel_centers=not align_corners and draw(st.booleans()),
    )


@pytest.mark.parametrize("kind", [ResizeBilinear, ResizeNearestNeighbor])
@pytest.mark.parametrize("dtype", DTYPES)
@given(st.data())
def test_resizes(kind: Any, dtype: DType, data: st.DataObject) -> None:
    assert_matches_tflite(data.draw(resizes(kind, dtype)))


@st.composite
def sums(draw: st.DrawFn, dtype: DType) -> Case:
    shape = draw(shapes(1, 4, 9))
    axes = tuple(sorted(draw(st.sets(st.integers(0, len(shape) - 1), min_size=1))))
    source = dtype, draw(quantizations(dtype))
    result = source if draw(st.booleans()) else (dtype, draw(quantizations(dtype)))
    return unary_case(draw, Sum, shape, source, result, axes=axes, keep_dims=draw(st.booleans()))


@pytest.mark.parametrize("dtype", [*DTYPES, DType.INT32, DType.INT64])
@given(st.data())
def test_sum(dtype: DType, data: st.DataObject) -> None:
    assert_matches_tflite(data.draw(sums(dtype)))
