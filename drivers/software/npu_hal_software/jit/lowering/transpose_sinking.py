"""Transpositions move behind operations that do not care about the order of axes, until they meet and cancel.

Models that come from frameworks with channels first transpose around each convolution, with a PAD, an ADD or an
activation between. Such an operation is done on the tensor before the transposition instead, and what it computes is
transposed; a transposition is computed only when something reads its result that does care.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from npu_hal.api import Graph

if TYPE_CHECKING:
    from npu_hal.api import Transpose

# Each element of the output depends on that element of each input alone.
ELEMENTWISE = frozenset(
    {
        "ABS", "ADD", "DEQUANTIZE", "ELU", "EXP", "HARD_SWISH", "LEAKY_RELU", "LOG", "LOGISTIC", "MAXIMUM", "MINIMUM",
        "MUL", "QUANTIZE", "RELU", "RELU6", "RELU_N1_TO_1", "SUB", "TANH",
    }
)  # fmt: skip


class _View(NamedTuple):
    """A tensor that is `source` with its axes in the order of `permutation`, computed only when it is needed.

    `position` is that of the operation that transposes.
    """

    source: int
    permutation: tuple[int, ...]
    position: int


class _Rewriting:
    """A graph under rewriting; tensors keep their indices, and new ones follow."""

    def __init__(self, graph: Graph) -> None:
        self.tensors = list(graph.tensors)
        self.operations: list[Any] = []
        self.positions: list[int] = []
        self._outputs = frozenset(graph.outputs)
        self._views: dict[int, _View] = {}

    def add(self, operation: Any, position: int) -> None:
        """The next operation of the graph, which is at `position`."""
        if operation.kind == "TRANSPOSE":
            self._transpose(operation, position)
        elif not self._moves_ahead(operation, position):
            self._append(operation.renumbered(self._computed), position)

    def _append(self, operation: Any, position: int) -> None:
        self.operations.append(operation)
        self.positions.append(position)

    def _transpose(self, operation: "Transpose", position: int) -> None:
        if self.tensors[operation.input].quantization != self.tensors[operation.output].quantization:
            # It moves values that mean another number behind it, to which what follows would not be moved.
            self._append(operation.renumbered(self._computed), position)
            return
        view = _View(operation.input, operation.permutation, position)
        earlier = self._views.get(operation.input)
        if earlier is not None:
            view = _View(earlier.source, tuple(earlier.permutation[axis] for axis in operation.permutation), position)
        self._set_view(operation.output, view)

    def _set_view(self, index: int, view: _View) -> None:
        self._views[index] = view
        if index in self._outputs:
            self._compute(index)

    def _computed(self, index: int) -> int:
        """The index of a tensor that has the elements of tensor `index` in memory."""
        view = self._views.get(index)
        if view is None:
            return index
        if _is_identity(view.permutation):
            return view.source
        self._compute(index)
        return index

    def _compute(self, index: int) -> None:
        # Most models transpose nothing, and do without what defines it.
        from npu_hal.api import Transpose

        view = self._views.pop(index)
        self._append(Transpose(input=view.source, output=index, permutation=view.permutation), view.position)

    def _moves_ahead(self, operation: Any, position: int) -> bool:
        """Do an operation on what its inputs are transpositions of, if all are of the same kind."""
        moving = [index for index in operation.inputs if not self._is_number(index)]
        views = {index: self._views[index] for index in moving if index in self._views}
        permutations = {view.permutation for view in views.values()}
        if len(views) < len(set(moving)) or len(permutations) != 1:
            return False
        (permutation,) = permutations
        changes = None if _is_identity(permutation) else self._changes(operation, permutation)
        if changes is None or not self._have_one_scale((*operation.inputs, *operation.outputs)):
            return False
        (output,) = operation.outputs
        result = self._before_transposition(output, permutation)
        before = {index: view.source for index, view in views.items()} | {output: result}
        moved = operation.renumbered(lambda index: before.get(index, index)).model_copy(update=changes)
        self._append(moved, position)
        self._set_view(output, _View(result, permutation, min(view.position for view in views.values())))
        return True

    def _changes(self, operation: Any, permutation: Sequence[int]) -> dict[str, Any] | None:
        """Attributes that differ for the operation ahead of a transposition; None if it has to stay behind."""
        if operation.kind in ELEMENTWISE:
            shape = self.tensors[operation.outputs[0]].shape
            same = all(self.tensors[index].shape == shape or self._is_number(index) for index in operation.inputs)
            return {} if same else None
        if operation.kind == "PAD":
            return {"paddings": _inverse_order(operation.paddings, permutation)}
        if operation.kind == "CONCATENATION":
            return {"axis": permutation[operation.axis]}
        return None

    def _before_transposition(self, index: int, permutation: Sequence[int]) -> int:
        """A new tensor, of which tensor `index` is a transposition."""
        tensor = self.tensors[index]
        self.tensors.append(tensor.model_copy(update={"shape": _inverse_order(tensor.shape, permutation)}))
        return len(self.tensors) - 1

    def _is_number(self, index: int) -> bool:
        tensor = self.tensors[index]
        return tensor.is_constant and tensor.size == 1

    def _have_one_scale(self, indices: Sequence[int]) -> bool:
        quantizations = [self.tensors[index].quantization for index in indices]
        return not any(quantization is not None and quantization.is_per_axis for quantization in quantizations)


def sink_transpositions(graph: Graph) -> tuple[Graph, tuple[int, ...]]:
    """A graph with the same inputs, outputs and results, and the positions in `graph` that its operations come from."""
    positions = tuple(range(len(graph.operations)))
    if not any(operation.kind == "TRANSPOSE" for operation in graph.operations):
        return graph, positions
    rewriting = _Rewriting(graph)
    for position, operation in enumerate(graph.operations):
        rewriting.add(operation, position)
    update = {"tensors": tuple(rewriting.tensors), "operations": tuple(rewriting.operations)}
    return graph.model_copy(update=update), tuple(rewriting.positions)


def _is_identity(permutation: Sequence[int]) -> bool:
    return list(permutation) == sorted(permutation)


def _inverse_order(items: Sequence[Any], permutation: Sequence[int]) -> tuple[Any, ...]:
    """What `permutation` brings into the order of `items`."""
    return tuple(items[list(permutation).index(axis)] for axis in range(len(permutation)))
