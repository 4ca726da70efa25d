"""Graphs are validated when they are built, and errors name the operation and the tensor."""

import numpy as np
import pytest
from pydantic import TypeAdapter

from npu_hal.api import (
    Add,
    AnyOperation,
    Concatenation,
    Conv2D,
    DType,
    Graph,
    GraphBuilder,
    InvalidGraph,
    Padding,
    Quantization,
    Relu,
    Softmax,
    Split,
    Tensor,
)

Q = Quantization.per_tensor(0.5, 128)


def image(name: str = "x", channels: int = 3) -> Tensor:
    return Tensor(name=name, shape=(1, 8, 8, channels), dtype=DType.UINT8, quantization=Q)


def diamond() -> Graph:
    """x -> a -> (b, c) -> d; outputs c and d."""
    builder = GraphBuilder("diamond")
    x = builder.input("x", (1, 2, 2, 4), DType.UINT8, Q)
    a, b, c, d = (builder.tensor(name, DType.UINT8, Q) for name in "abcd")
    builder.append(Relu(input=x, output=a))
    builder.append(Relu(input=a, output=b))
    builder.append(Relu(input=a, output=c))
    builder.append(Add(lhs=b, rhs=c, output=d))
    return builder.build(outputs=[c, d])


def test_shapes_are_inferred_while_building() -> None:
    builder = GraphBuilder()
    x = builder.input("x", (1, 9, 7, 3), DType.UINT8, Q)
    w = builder.constant("w", np.zeros((5, 3, 3, 3), np.uint8), Q)
    y = builder.tensor("y", DType.UINT8, Q)
    builder.append(Conv2D(input=x, filter=w, output=y, padding=Padding.SAME, stride_height=2, stride_width=2))
    assert builder.shape(y) == (1, 5, 4, 5)


def test_constants_are_read_only_views_of_the_callers_array() -> None:
    data = np.arange(6, dtype=np.int32)
    tensor = Tensor(name="c", shape=(6,), dtype=DType.INT32, data=data)
    assert np.shares_memory(tensor.constant(), data)
    assert not tensor.constant().flags.writeable
    assert data.flags.writeable


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"shape": (2, -1)}, "greater than or equal to 0"),
        ({"shape": (2, 3), "data": np.zeros((3, 2), np.uint8)}, "its data is uint8[3, 2]"),
        ({"shape": (2, 3), "data": np.zeros((2, 3), np.int8)}, "its data is int8[2, 3]"),
        ({"shape": (2, 3), "data": np.zeros((3, 2), np.uint8).T}, "C-contiguous"),
        ({"shape": (1 << 40, 1 << 40)}, "exceeds"),
        ({"shape": (0, 1 << 40, 1 << 40)}, "exceeds"),
        ({"shape": (2,), "quantization": Quantization.per_tensor(1.0, 256)}, "zero point 256"),
        ({"shape": (2,), "quantization": Quantization.per_axis((1.0,) * 3, 0)}, "3 scales along axis 0"),
        ({"shape": (2,), "quantization": Quantization.per_axis((1.0,) * 2, 1)}, "2 scales along axis 1"),
    ],
)
def test_bad_tensors_are_refused(arguments: dict[str, object], words: str) -> None:
    with pytest.raises(InvalidGraph) as refusal:
        Tensor(name="t", dtype=DType.UINT8, **arguments)
    assert words in str(refusal.value)


@pytest.mark.parametrize("scale", [float("nan"), float("inf"), -1.0])
def test_insane_scales_are_refused(scale: float) -> None:
    with pytest.raises(InvalidGraph, match="finite and not negative"):
        Quantization.per_tensor(scale)


def test_per_axis_quantisation_has_no_single_scale() -> None:
    with pytest.raises(InvalidGraph, match="no single scale"):
        _ = Quantization.per_axis((1.0, 2.0), axis=0).scale


@pytest.mark.parametrize(
    ("operation", "words"),
    [
        (Relu(input=7, output=1), "operation 0 (RELU) uses tensor 7"),
        (Relu(input=1, output=2), "reads tensor 1 'y' before anything has computed it"),
        (Relu(input=0, output=0), "writes tensor 0 'x'"),
        (Relu(input=0, output=2), "output tensor 2 'z' has shape [1, 8, 8, 4], but the operation gives [1, 8, 8, 3]"),
        (Relu(input=0, output=3), "tensor 3 'f' is float32, but tensor 0 'x' is uint8"),
        (Relu(input=0, output=4), "tensor 4 'n' is uint8 without quantisation"),
        (Softmax(input=5, output=5), "writes tensor 5"),
    ],
)
def test_bad_operations_are_refused_by_position_kind_and_tensor(operation: AnyOperation, words: str) -> None:
    tensors = (
        image("x"),
        image("y"),
        image("z", channels=4),
        Tensor(name="f", shape=(1, 8, 8, 3), dtype=DType.FLOAT32),
        Tensor(name="n", shape=(1, 8, 8, 3), dtype=DType.UINT8),
        Tensor(name="c", shape=(1,), dtype=DType.UINT8, quantization=Q, data=np.zeros(1, np.uint8)),
    )
    with pytest.raises(InvalidGraph) as refusal:
        Graph(tensors=tensors, operations=(operation,), inputs=(0,), outputs=operation.outputs)
    assert words in str(refusal.value)


@pytest.mark.parametrize(
    ("inputs", "outputs", "words"),
    [
        ((0, 0), (1,), "are not different"),
        ((9,), (1,), "graph input 9"),
        ((0,), (0,), "graph output 0 is computed by no operation"),
        ((0,), (1, 1), "are not different"),
    ],
)
def test_bad_graph_inputs_and_outputs_are_refused(
    inputs: tuple[int, ...], outputs: tuple[int, ...], words: str
) -> None:
    with pytest.raises(InvalidGraph) as refusal:
        Graph(
            tensors=(image("x"), image("y")),
            operations=(Relu(input=0, output=1),),
            inputs=inputs,
            outputs=outputs,
        )
    assert words in str(refusal.value)


def test_activations_need_a_positive_scale() -> None:
    dead = Tensor(name="y", shape=(1, 8, 8, 3), dtype=DType.UINT8, quantization=Quantization.per_tensor(0.0))
    with pytest.raises(InvalidGraph, match="needs one scale, above 0"):
        Graph(tensors=(image(), dead), operations=(Relu(input=0, output=1),), inputs=(0,), outputs=(1,))


def test_producers_and_consumers() -> None:
    graph = diamond()
    assert graph.producers() == {1: 0, 2: 1, 3: 2, 4: 3}
    assert graph.consumers() == {0: [0], 1: [1, 2], 2: [3], 3: [3]}


def test_an_extract_keeps_what_others_read_and_what_is_an_output() -> None:
    graph, origin = diamond().extract([1, 2])
    assert [origin[index] for index in graph.inputs] == [1]
    assert [origin[index] for index in graph.outputs] == [2, 3]
    graph, origin = diamond().extract([1, 2, 3])
    assert [origin[index] for index in graph.outputs] == [3, 4]
    assert [operation.kind for operation in graph.operations] == ["RELU", "RELU", "ADD"]


def test_an_extract_needs_ascending_positions() -> None:
    with pytest.raises(InvalidGraph, match="ascending"):
        diamond().extract([2, 1])


def test_graphs_survive_a_round_trip_through_plain_data() -> None:
    graph = diamond()
    assert Graph.model_validate(graph.model_dump()) == graph


def test_operations_are_discriminated_by_kind() -> None:
    adapter: TypeAdapter[AnyOperation] = TypeAdapter(AnyOperation)
    operation = adapter.validate_python({"kind": "SPLIT", "input": 0, "parts": (1, 2), "axis": 3})
    assert isinstance(operation, Split)
    assert operation.outputs == (1, 2)


def test_operands_are_listed_in_order_and_renumbered() -> None:
    operation = Concatenation(concatenated=(4, 2), output=7, axis=0)
    assert operation.inputs == (4, 2)
    moved = operation.renumbered(lambda index: index + 1)
    assert (moved.inputs, moved.outputs, moved.axis) == ((5, 3), (8,), 0)
    convolution = Conv2D(input=0, filter=1, output=2, padding=Padding.VALID)
    assert convolution.inputs == (0, 1)
    assert convolution.renumbered(lambda index: index).bias is None


def test_a_builder_refuses_what_is_not_finished() -> None:
    builder = GraphBuilder()
    builder.input("x", (1,), DType.FLOAT32)
    pending = builder.tensor("y", DType.FLOAT32)
    with pytest.raises(InvalidGraph, match="no operation computes tensor 1 'y'"):
        builder.build(outputs=[pending])
    with pytest.raises(InvalidGraph, match="no operation computes tensor 1 'y' yet"):
        builder.shape(pending)
    with pytest.raises(InvalidGraph, match="tensor 0 is not one to be computed"):
        builder.append(Relu(input=pending, output=0))
    with pytest.raises(InvalidGraph, match="uses a tensor that was not added"):
        builder.append(Relu(input=17, output=pending))
