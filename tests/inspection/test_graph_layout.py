"""Where nodes go in a drawing."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from npu_hal.inspection.graph_layout import MAX_BENDS, lay_out


@st.composite
def graphs(draw: st.DrawFn) -> tuple[list[int], list[tuple[int, int]]]:
    nodes = draw(st.integers(1, 12))
    pairs = [(source, target) for target in range(nodes) for source in range(target)]
    edges = draw(st.lists(st.sampled_from(pairs), max_size=24)) if pairs else []
    return list(range(nodes)), edges


@given(graphs())
def test_nodes_do_not_touch_and_edges_go_down(graph: tuple[list[int], list[tuple[int, int]]]) -> None:
    nodes, edges = graph
    layout = lay_out(nodes, edges)
    assert set(layout.nodes) == set(nodes)
    assert set(layout.edges) == set(edges)
    rows: dict[int, list[float]] = {}
    for x, layer in layout.nodes.values():
        assert 0.5 - 1e-6 <= x <= layout.width - 0.5 + 1e-6
        assert 0 <= layer < layout.layers
        rows.setdefault(layer, []).append(x)
    for row in rows.values():
        assert all(right - left > 1 - 1e-6 for left, right in pairwise(sorted(row)))
    for (source, target), points in layout.edges.items():
        assert points[0] == layout.nodes[source]
        assert points[-1] == layout.nodes[target]
        assert [layer for _, layer in points] == list(range(points[0][1], points[-1][1] + 1))


def test_a_chain_is_straight() -> None:
    layout = lay_out("abcd", [("a", "b"), ("b", "c"), ("c", "d")])
    assert {x for x, _ in layout.nodes.values()} == {0.5}
    assert layout.width == 1
    assert layout.layers == 4


def test_an_edge_passes_beside_the_nodes_that_it_skips() -> None:
    layout = lay_out("abcd", [("a", "b"), ("b", "c"), ("c", "d"), ("a", "d")])
    for (x, _), node in zip(layout.edges["a", "d"][1:-1], "bc", strict=True):
        assert abs(x - layout.nodes[node][0]) > 0.5


def test_the_longest_path_runs_straight_down_the_left() -> None:
    # A short branch that comes first, and one that is left at the end.
    layout = lay_out("sabctx", [("s", "x"), ("s", "a"), ("a", "b"), ("b", "c"), ("c", "t"), ("s", "t")])
    assert {layout.nodes[node][0] for node in "sabct"} == {0.5}
    assert layout.nodes["x"][0] >= 1.5


def test_too_many_bends_are_left_out() -> None:
    count = 300
    edges = [(source, target) for source in range(count) for target in range(source + 1, count)]
    layout = lay_out(range(count), edges)
    assert sum(len(points) for points in layout.edges.values()) == 2 * len(edges)
    assert len(edges) * count / 3 > MAX_BENDS


def test_nothing_takes_no_room() -> None:
    assert lay_out([], []).layers == 0
