"""The graph as a drawing: operations below each other as they depend on each other, coloured by who runs them."""

from itertools import pairwise

from npu_hal.inspection.graph_layout import Layout, lay_out
from npu_hal.inspection.html.markup import number_anchor, text
from npu_hal.inspection.inspection import Inspection, OperationRecord, Placement

# In pixels. A node is narrower than a column and lower than a layer.
COLUMN, LAYER = 190, 62
NODE_WIDTH, NODE_HEIGHT = 168, 38
MARGIN = 14
# Characters that fit a node.
KIND_LIMIT, DETAIL_LIMIT = 22, 27
MAX_OPERATIONS = 3000

Key = tuple[str, int]


def draw_graph(inspection: Inspection) -> str:
    """The drawing as SVG, or a sentence if there are too many operations to draw."""
    if len(inspection.run_operations) > MAX_OPERATIONS:
        return (
            f'<p class="faint">The graph is not drawn: it has {len(inspection.run_operations)} operations, '
            f"more than {MAX_OPERATIONS}.</p>"
        )
    nodes, edges = _graph(inspection)
    layout = lay_out(nodes, edges)
    width = int(layout.width * COLUMN + 2 * MARGIN)
    height = layout.layers * LAYER + 2 * MARGIN - (LAYER - NODE_HEIGHT)
    crossing = {edge for edge in edges if _partition(edge[0], inspection) != _partition(edge[1], inspection)}
    paths = "".join(_edge(points, edge in crossing) for edge, points in layout.edges.items())
    boxes = "".join(_node(key, layout, inspection) for key in nodes)
    return (
        f'<div class="drawing" tabindex="0"><svg width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        f'role="img" aria-label="graph of the model">{paths}{boxes}</svg></div>'
    )


def _graph(inspection: Inspection) -> tuple[list[Key], list[tuple[Key, Key]]]:
    """The model's inputs, operations that somebody runs, and outputs; the tensors between them as edges."""
    source: dict[int, Key] = {index: ("in", index) for index in inspection.inputs}
    nodes: list[Key] = list(dict.fromkeys(source.values()))
    edges: list[tuple[Key, Key]] = []
    for operation in inspection.run_operations:
        key = ("op", operation.position)
        nodes.append(key)
        edges.extend((source[index], key) for index in operation.inputs if index in source)
        source.update((index, key) for index in operation.outputs)
    for index in dict.fromkeys(inspection.outputs):
        nodes.append(("out", index))
        if index in source:
            edges.append((source[index], ("out", index)))
    return nodes, edges


def _partition(key: Key, inspection: Inspection) -> int:
    """The step that a node belongs to if it is on the device, else -1."""
    operation = inspection.operations[key[1]] if key[0] == "op" else None
    return operation.step if operation is not None and operation.placement is Placement.DEVICE else -1


def _edge(points: tuple[tuple[float, int], ...], crosses_border: bool) -> str:
    """A smooth line from below the first node, between the nodes of the layers in between, to above the last."""
    first, *between, last = [_middle(point) for point in points]
    start, end = (first[0], first[1] + NODE_HEIGHT / 2), (last[0], last[1] - NODE_HEIGHT / 2)
    stops = [start]
    for x, y in between:
        stops.extend([(x, y - NODE_HEIGHT / 2), (x, y + NODE_HEIGHT / 2)])
    stops.append(end)
    commands = [f"M{stops[0][0]:.1f} {stops[0][1]:.1f}"]
    for number, ((x, y), (next_x, next_y)) in enumerate(pairwise(stops)):
        if number % 2:
            commands.append(f"L{next_x:.1f} {next_y:.1f}")
        else:
            half = (y + next_y) / 2
            commands.append(f"C{x:.1f} {half:.1f} {next_x:.1f} {half:.1f} {next_x:.1f} {next_y:.1f}")
    kind = ' class="border"' if crosses_border else ""
    return f'<path{kind} d="{"".join(commands)}"/>'


def _node(key: Key, layout: Layout[Key], inspection: Inspection) -> str:
    x, y = _middle(layout.nodes[key])
    if key[0] == "op":
        operation = inspection.operations[key[1]]
        title, detail = f"{operation.position}  {operation.kind}", _result(operation, inspection)
        hint = f"{operation.position} {operation.kind}" + (f": {operation.reason}" if operation.reason else "")
        style, corner = f"on-{operation.placement.value}", 4
        target = number_anchor("op", operation.position)
    else:
        record = inspection.tensors.get(key[1])
        title = "input" if key[0] == "in" else "output"
        detail = f"{record.dtype} {_shape(record.shape)}" if record else f"tensor {key[1]}"
        hint, style, corner, target = record.name if record else title, "tensor", NODE_HEIGHT // 2, ""
    box = (
        f"<title>{text(hint)}</title>"
        f'<rect class="{style}" x="{x - NODE_WIDTH / 2:.1f}" y="{y - NODE_HEIGHT / 2:.1f}" width="{NODE_WIDTH}" '
        f'height="{NODE_HEIGHT}" rx="{corner}"/>'
        f'<text x="{x:.1f}" y="{y - 3:.1f}">{text(title, KIND_LIMIT)}</text>'
        f'<text class="small" x="{x:.1f}" y="{y + 12:.1f}">{text(detail, DETAIL_LIMIT)}</text>'
    )
    return f'<a href="#{target}">{box}</a>' if target else f"<g>{box}</g>"


def _middle(point: tuple[float, int]) -> tuple[float, float]:
    return MARGIN + point[0] * COLUMN, MARGIN + NODE_HEIGHT / 2 + point[1] * LAYER


def _result(operation: OperationRecord, inspection: Inspection) -> str:
    record = inspection.tensors.get(operation.outputs[0]) if operation.outputs else None
    return f"{record.dtype} {_shape(record.shape)}" if record else ""


def _shape(shape: tuple[int, ...]) -> str:
    return "x".join(str(extent) for extent in shape) or "scalar"
