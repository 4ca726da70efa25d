"""Partitions are as few as the graph's order allows, and never wait for each other."""

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from npu_hal.api import Add, DeviceInfo, DeviceKind, DType, Graph, GraphBuilder, Logistic, Relu, Tanh
from npu_hal.partitioner import partition

from .plugins import KindsDevice

_INFO = DeviceInfo("one", DeviceKind.NPU, "a device of a test")
_UNARY: tuple[type[Relu | Logistic | Tanh], ...] = (Relu, Logistic, Tanh)


def device(*kinds: str) -> KindsDevice:
    return KindsDevice(_INFO, frozenset(kinds), {})


def chain(*operations: type[Relu] | type[Logistic]) -> Graph:
    builder = GraphBuilder()
    index = builder.input("x", (4,), DType.FLOAT32)
    for position, operation in enumerate(operations):
        output = builder.tensor(f"t{position}", DType.FLOAT32)
        builder.append(operation(input=index, output=output))
        index = output
    return builder.build([index])


def test_a_supported_graph_is_one_partition() -> None:
    result = partition(chain(Relu, Logistic, Relu), device("RELU", "LOGISTIC"))
    assert result.partitions == ((0, 1, 2),)
    assert result.is_whole


def test_refusals_come_with_their_reason_and_divide() -> None:
    result = partition(chain(Relu, Logistic, Relu), device("RELU"))
    assert [(step.positions, step.on_device) for step in result.steps] == [((0,), True), ((1,), False), ((2,), True)]
    assert result.refusals == {1: "LOGISTIC is not one of this device's"}


def test_independent_branches_join_one_partition() -> None:
    builder = GraphBuilder()
    x = builder.input("x", (4,), DType.FLOAT32)
    a, b, c, d = (builder.tensor(name, DType.FLOAT32) for name in "abcd")
    builder.append(Relu(input=x, output=a))
    builder.append(Logistic(input=x, output=b))
    builder.append(Relu(input=a, output=c))
    builder.append(Add(lhs=b, rhs=c, output=d))
    result = partition(builder.build([d]), device("RELU"))
    assert [(step.positions, step.on_device) for step in result.steps] == [((0, 2), True), ((1, 3), False)]


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    builder = GraphBuilder()
    values = [builder.input("x", (2,), DType.FLOAT32), builder.constant("c", np.zeros(2, np.float32))]
    for position in range(draw(st.integers(1, 12))):
        output = builder.tensor(f"t{position}", DType.FLOAT32)
        operand = st.sampled_from(values)
        if draw(st.booleans()):
            builder.append(Add(lhs=draw(operand), rhs=draw(operand), output=output))
        else:
            builder.append(draw(st.sampled_from(_UNARY))(input=draw(operand), output=output))
        values.append(output)
    return builder.build(values[2:])


@given(graphs(), st.sets(st.sampled_from(["ADD", "RELU", "LOGISTIC", "TANH"])))
def test_steps_run_in_order_and_cover_everything_once(graph: Graph, kinds: set[str]) -> None:
    result = partition(graph, device(*kinds))
    assert sorted(position for step in result.steps for position in step.positions) == list(
        range(len(graph.operations))
    )
    computed = set(graph.inputs)
    for step in result.steps:
        assert step.positions
        subgraph, origin = graph.extract(step.positions)
        assert computed.issuperset(origin[index] for index in subgraph.inputs)
        assert {operation.kind in kinds for operation in subgraph.operations} == {step.on_device}
        computed.update(index for position in step.positions for index in graph.operations[position].outputs)
    sides = [step.on_device for step in result.steps]
    assert all(one != other for one, other in pairwise(sides))
