"""Kinds without kernels of their own run among others as the reference level has them."""

import numpy as np
import pytest

from npu_hal.api import Div, DType, Gather, GatherNd, GraphBuilder, InvalidInput, Log
from npu_hal_software.jit import create_subgraph
from tests.software.checks import run_reference
from tests.software.jit.every_kind import every_kind
from tests.software.jit.running import run_jit


@pytest.mark.parametrize("threads", ["1", "2"])
def test_a_graph_of_all_kinds_is_that_of_the_reference_level(threads: str) -> None:
    graph, inputs, missing = every_kind()
    assert not missing
    expected = run_reference(graph, inputs)
    for result, other, tensor in zip(
        run_jit(graph, inputs, threads=threads), expected, graph.output_tensors, strict=True
    ):
        np.testing.assert_array_equal(result, other, err_msg=tensor.name)


def test_infinity_and_nan_are_results_like_others() -> None:
    builder = GraphBuilder()
    x = builder.input("x", (3,), DType.FLOAT32)
    logarithm, quotient = (builder.tensor(name, DType.FLOAT32) for name in ("log", "quotient"))
    builder.append(Log(input=x, output=logarithm))
    builder.append(Div(lhs=x, rhs=x, output=quotient))
    graph = builder.build([logarithm, quotient])
    data = np.array([0, -1, np.inf], np.float32)
    logarithms, quotients = run_jit(graph, [data])
    np.testing.assert_array_equal(logarithms, [-np.inf, np.nan, np.inf])
    np.testing.assert_array_equal(quotients, [np.nan, 1, np.nan])


def test_what_only_values_can_tell_is_refused_when_invoked() -> None:
    builder = GraphBuilder()
    lhs, rhs = (builder.input(name, (2,), DType.INT32) for name in ("lhs", "rhs"))
    quotient = builder.tensor("quotient", DType.INT32)
    builder.append(Div(lhs=lhs, rhs=rhs, output=quotient))
    graph = builder.build([quotient])
    with pytest.raises(InvalidInput, match="divisor of 0"):
        run_jit(graph, [np.array([1, 2], np.int32), np.array([1, 0], np.int32)])


@pytest.mark.parametrize("threads", ["1", "2"])
def test_indices_outside_are_refused_and_the_next_inference_is_right(threads: str) -> None:
    builder = GraphBuilder()
    x = builder.input("x", (4, 3), DType.INT32)
    rows, pairs = builder.input("rows", (2,), DType.INT64), builder.input("pairs", (40, 2), DType.INT32)
    gathered, single = (builder.tensor(name, DType.INT32) for name in ("gathered", "single"))
    builder.append(Gather(input=x, indices=rows, output=gathered))
    builder.append(GatherNd(input=x, indices=pairs, output=single))
    graph = builder.build([gathered, single])
    data = np.arange(12, dtype=np.int32).reshape(4, 3)
    inside = np.tile(np.array([[3, 2], [0, 1]], np.int32), (20, 1))
    last_outside, negative = inside.copy(), inside.copy()
    last_outside[-1] = 3, 3
    negative[0] = -1, 0
    outputs = [np.empty((2, 3), np.int32), np.empty(40, np.int32)]
    with create_subgraph(graph, {"threads": threads}) as subgraph:
        for wrong, message in (
            ((np.array([0, 4]), inside), "GATHER asks for element 4 of an axis of 4"),
            ((np.array([1 << 40, 0]), inside), "GATHER asks for element 1099511627776 of an axis of 4"),
            ((np.array([0, 1]), last_outside), "GATHER_ND asks for element 3 of an axis of 3"),
            ((np.array([0, 1]), negative), "GATHER_ND asks for element -1 of an axis of 4"),
        ):
            subgraph.invoke([data, *wrong])
            with pytest.raises(InvalidInput, match=message):
                subgraph.read_outputs(outputs)
        subgraph.invoke([data, np.array([3, 0]), inside])
        subgraph.read_outputs(outputs)
    np.testing.assert_array_equal(outputs[0], [[9, 10, 11], [0, 1, 2]])
    np.testing.assert_array_equal(outputs[1], [11, 1] * 20)
