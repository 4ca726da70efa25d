"""Transpositions that move and cancel: what is left of them, and that results stay what they are."""

import numpy as np
import pytest

from npu_hal.api import (
    Add,
    Array,
    Concatenation,
    DType,
    Graph,
    GraphBuilder,
    MaxPool2D,
    Pad,
    Padding,
    Quantization,
    Relu,
    Reshape,
    Transpose,
)
from npu_hal_software.jit.lowering.transpose_sinking import sink_transpositions
from tests.software.checks import run_reference
from tests.software.jit.running import run_jit

TO_FIRST, TO_LAST = (0, 3, 1, 2), (0, 2, 3, 1)
QUANTIZATION = Quantization.per_tensor(0.25, 3)


class Building:
    """A graph of int8 tensors of one quantisation."""

    def __init__(self, seed: int = 0) -> None:
        self.random = np.random.default_rng(seed)
        self.builder = GraphBuilder("transpositions")
        self.inputs: list[Array] = []

    def input(self, shape: tuple[int, ...]) -> int:
        self.inputs.append(self.random.integers(-128, 128, shape, np.int8))
        return self.builder.input(f"x{len(self.inputs)}", shape, DType.INT8, QUANTIZATION)

    def output(self) -> int:
        return self.builder.tensor("y", DType.INT8, QUANTIZATION)

    def transposed(self, index: int, permutation: tuple[int, ...]) -> int:
        output = self.output()
        self.builder.append(Transpose(input=index, output=output, permutation=permutation))
        return output

    def padded(self, index: int, paddings: tuple[tuple[int, int], ...]) -> int:
        output = self.output()
        self.builder.append(Pad(input=index, output=output, paddings=paddings))
        return output

    def pooled(self, index: int) -> int:
        output = self.output()
        pool = MaxPool2D(input=index, output=output, filter_height=2, filter_width=2, padding=Padding.SAME)
        self.builder.append(pool)
        return output

    def sum(self, lhs: int, rhs: int) -> int:
        output = self.output()
        self.builder.append(Add(lhs=lhs, rhs=rhs, output=output))
        return output


def check(graph: Graph, inputs: list[Array], message: str = "") -> None:
    for result, expected in zip(run_jit(graph, inputs), run_reference(graph, inputs), strict=True):
        np.testing.assert_array_equal(result, expected, err_msg=message)


def kinds_left(graph: Graph) -> list[str]:
    rewritten, positions = sink_transpositions(graph)
    assert len(positions) == len(rewritten.operations)
    # The rewritten graph was not validated when it was made.
    Graph(**{name: getattr(rewritten, name) for name in Graph.model_fields})
    return [operation.kind for operation in rewritten.operations]


def test_a_pad_between_inverse_transpositions_leaves_none() -> None:
    build = Building()
    first = build.transposed(build.pooled(build.input((1, 5, 6, 3))), TO_FIRST)
    last = build.transposed(build.padded(first, ((0, 0), (0, 0), (1, 2), (3, 0))), TO_LAST)
    graph = build.builder.build([build.pooled(last)])
    assert kinds_left(graph) == ["MAX_POOL_2D", "PAD", "MAX_POOL_2D"]
    check(graph, build.inputs)


def test_a_sum_of_transpositions_is_transposed_once() -> None:
    build = Building()
    parts = [build.transposed(build.pooled(build.input((1, 5, 6, 3))), TO_FIRST) for _ in range(2)]
    graph = build.builder.build([build.sum(*parts)])
    assert kinds_left(graph) == ["MAX_POOL_2D", "MAX_POOL_2D", "ADD", "TRANSPOSE"]
    check(graph, build.inputs)


def test_a_sum_with_what_is_not_transposed_stays_behind() -> None:
    build = Building()
    moved = build.transposed(build.input((1, 5, 6, 3)), TO_FIRST)
    graph = build.builder.build([build.sum(moved, build.input((1, 3, 5, 6)))])
    assert kinds_left(graph) == ["TRANSPOSE", "ADD"]
    check(graph, build.inputs)


def test_a_broadcast_sum_stays_behind() -> None:
    build = Building()
    moved = [build.transposed(build.input(shape), TO_FIRST) for shape in ((1, 5, 6, 3), (1, 1, 1, 3))]
    graph = build.builder.build([build.sum(*moved)])
    assert sorted(kinds_left(graph)) == ["ADD", "TRANSPOSE", "TRANSPOSE"]
    check(graph, build.inputs)


def test_a_graph_output_is_computed_though_others_read_before_it() -> None:
    build = Building()
    moved = build.transposed(build.input((1, 5, 6, 3)), TO_FIRST)
    back = build.transposed(moved, TO_LAST)
    graph = build.builder.build([moved, back, build.pooled(back)])
    assert kinds_left(graph) == ["TRANSPOSE", "TRANSPOSE", "MAX_POOL_2D"]
    check(graph, build.inputs)


def test_records_keep_the_positions_of_their_operations() -> None:
    build = Building()
    moved = build.transposed(build.input((1, 5, 6, 3)), TO_FIRST)
    output = build.output()
    padded = build.padded(moved, ((0, 0), (1, 1), (0, 0), (0, 0)))
    build.builder.append(Reshape(input=padded, output=output, shape=(150,)))
    _, positions = sink_transpositions(build.builder.build([output]))
    assert positions == (1, 0, 2)


def test_graphs_without_transpositions_are_left_alone() -> None:
    build = Building()
    graph = build.builder.build([build.pooled(build.input((1, 5, 6, 3)))])
    assert sink_transpositions(graph)[0] is graph


@pytest.mark.parametrize("block", range(4))
def test_random_graphs_compute_the_same(block: int) -> None:
    for seed in range(40 * block, 40 * block + 40):
        build, graph = random_graph(seed)
        check(graph, build.inputs, f"seed {seed}: {graph.operations}")


def random_graph(seed: int) -> tuple[Building, Graph]:
    """Operations that transpositions move behind, and some that they do not."""
    build = Building(seed)
    random = build.random
    shape = tuple(int(size) for size in random.integers(1, 5, 4))
    values = [build.input(shape), build.input(shape)]
    for _ in range(12):
        index = values[int(random.integers(len(values)))]
        own = build.builder.shape(index)
        match int(random.integers(6)):
            case 0 | 1:
                values.append(build.transposed(index, TO_FIRST if random.random() < 0.5 else TO_LAST))
            case 2:
                paddings = tuple((int(before), int(after)) for before, after in random.integers(0, 2, (4, 2)))
                values.append(build.padded(index, paddings))
            case 3:
                others = [other for other in values if build.builder.shape(other) == own]
                values.append(build.sum(index, others[int(random.integers(len(others)))]))
            case 4:
                output = build.output()
                build.builder.append(Relu(input=index, output=output))
                values.append(output)
            case 5:
                output = build.output()
                axis = int(random.integers(4))
                build.builder.append(Concatenation(concatenated=(index, index), output=output, axis=axis))
                values.append(output)
    computed = values[2:]
    last = [index for index in computed if random.random() < 0.3] or computed[-1:]
    return build, build.builder.build(last)
