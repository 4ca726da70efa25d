"""Where the nodes of a directed acyclic graph go in a drawing, layer below layer.

The method of Sugiyama, Tagawa and Toda (1981) in a simple form: a node is one layer below the lowest that it depends
on; an edge that crosses layers gets a place in each; a few sweeps order layers by the mean position of neighbours;
then positions are pulled to their neighbours as far as spacing allows. One longest path, the spine, runs straight down
the left side, so that the beginning of a drawing that is wider than a window is in sight.
"""

from collections.abc import Hashable, Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import pairwise
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)

# Heuristic: more sweeps rarely change a drawing of a neural network.
SWEEPS = 6
# Beyond this many places for crossing edges, edges are drawn straight: time and drawing would get out of hand.
MAX_BENDS = 20_000
# How much of a column an edge takes in the layers that it crosses.
BEND_WIDTH = 0.14


@dataclass(frozen=True, slots=True)
class Layout(Generic[Key]):
    """Positions in units of columns (x, of a node's middle) and layers (y), and the points that edges go through.

    `edges` has, for each (source, target), the positions from source to target, both included.
    """

    nodes: Mapping[Key, tuple[float, int]]
    edges: Mapping[tuple[Key, Key], tuple[tuple[float, int], ...]]
    width: float
    layers: int


def lay_out(nodes: Sequence[Key], edges: Sequence[tuple[Key, Key]]) -> Layout[Key]:
    """Place `nodes`, which are in topological order; `edges` go from earlier to later ones."""
    if not nodes:
        return Layout({}, {}, 0.0, 0)
    drawn = list(dict.fromkeys(edges))
    layer = _layers(nodes, drawn)
    numbers = {node: number for number, node in enumerate(nodes)}
    layer_of = [layer[node] for node in nodes]
    paths = _paths([(numbers[source], numbers[target]) for source, target in drawn], layer_of)
    rows: list[list[int]] = [[] for _ in range(max(layer_of) + 1)]
    for item, row in enumerate(layer_of):
        rows[row].append(item)
    above: list[list[int]] = [[] for _ in layer_of]
    below: list[list[int]] = [[] for _ in layer_of]
    for path in paths:
        for upper, lower in pairwise(path):
            above[lower].append(upper)
            below[upper].append(lower)
    spine = _spine(layer_of, above, len(nodes))
    _order(rows, spine, above, below)
    widths = [1.0] * len(nodes) + [BEND_WIDTH] * (len(layer_of) - len(nodes))
    x = _columns(rows, widths, above, below)
    places = [(x[item], layer_of[item]) for item in range(len(layer_of))]
    return Layout(
        {node: places[number] for node, number in numbers.items()},
        {edge: tuple(places[item] for item in path) for edge, path in zip(drawn, paths, strict=True)},
        max(column + width / 2 for column, width in zip(x, widths, strict=True)),
        len(rows),
    )


def _layers(nodes: Sequence[Key], edges: Sequence[tuple[Key, Key]]) -> dict[Key, int]:
    incoming: dict[Key, list[Key]] = {node: [] for node in nodes}
    for source, target in edges:
        incoming[target].append(source)
    layer: dict[Key, int] = {}
    for node in nodes:
        layer[node] = 1 + max((layer[source] for source in incoming[node]), default=-1)
    return layer


def _paths(edges: Sequence[tuple[int, int]], layer_of: list[int]) -> list[tuple[int, ...]]:
    """Edges as items in successive layers; places for bends are appended to `layer_of`."""
    bends = sum(layer_of[target] - layer_of[source] - 1 for source, target in edges)
    if bends > MAX_BENDS:
        return [(source, target) for source, target in edges]
    paths = []
    for source, target in edges:
        between = range(layer_of[source] + 1, layer_of[target])
        first = len(layer_of)
        layer_of.extend(between)
        paths.append((source, *range(first, first + len(between)), target))
    return paths


def _spine(layer_of: Sequence[int], above: list[list[int]], nodes: int) -> set[int]:
    """The nodes of a longest path, one in each layer."""
    node = max(range(nodes), key=lambda item: layer_of[item])
    spine = {node}
    while layer_of[node]:
        # An edge to the layer above is no bend: some node is the reason for this one's layer.
        node = next(item for item in above[node] if item < nodes and layer_of[item] == layer_of[node] - 1)
        spine.add(node)
    return spine


def _order(rows: list[list[int]], spine: Set[int], above: list[list[int]], below: list[list[int]]) -> None:
    position: dict[int, float] = {}
    for row in rows:
        position.update((item, place) for place, item in enumerate(row))
    for sweep in range(SWEEPS):
        downwards = sweep % 2 == 0
        neighbours = above if downwards else below
        for row in rows if downwards else reversed(rows):
            means = {item: _mean([position[other] for other in neighbours[item]], position[item]) for item in row}
            row.sort(key=lambda item: (item not in spine, means[item]))
            position.update((item, place) for place, item in enumerate(row))


def _columns(rows: list[list[int]], widths: list[float], above: list[list[int]], below: list[list[int]]) -> list[float]:
    """The columns of items; the first of each row is the spine's, at half a column."""
    x = [0.0] * len(above)
    offsets = [_offsets([widths[item] for item in row]) for row in rows]
    for row, offset in zip(rows, offsets, strict=True):
        for item, column in zip(row, offset, strict=True):
            x[item] = column
    rows_and_offsets = list(zip(rows, offsets, strict=True))
    for sweep in range(SWEEPS):
        for row, offset in rows_and_offsets if sweep % 2 == 0 else reversed(rows_and_offsets):
            wanted = [_mean([x[other] for other in above[item] + below[item]], x[item]) for item in row[1:]]
            for item, column in zip(row[1:], _spaced(wanted, offset[1:]), strict=True):
                x[item] = column
    return [column + 0.5 for column in x]


def _offsets(widths: Sequence[float]) -> list[float]:
    """Where the middles of items are that stand side by side, counted from the first."""
    offsets = [0.0]
    for left, right in pairwise(widths):
        offsets.append(offsets[-1] + (left + right) / 2)
    return offsets


def _spaced(wanted: Sequence[float], offsets: Sequence[float]) -> list[float]:
    """The columns nearest to those wanted that are no closer than in `offsets`, nor further left: isotonic regression
    by pooling adjacent violators, which share what they miss."""
    blocks: list[tuple[float, int]] = []
    for column, offset in zip(wanted, offsets, strict=True):
        # In terms of column - offset, being far enough apart is not to descend.
        total, count = column - offset, 1
        while blocks and blocks[-1][0] / blocks[-1][1] > total / count:
            earlier_total, earlier_count = blocks.pop()
            total, count = total + earlier_total, count + earlier_count
        blocks.append((total, count))
    shifts = [max(total / count, 0.0) for total, count in blocks for _ in range(count)]
    return [shift + offset for shift, offset in zip(shifts, offsets, strict=True)]


def _mean(values: Sequence[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise
