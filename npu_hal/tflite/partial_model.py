"""What can be expressed of a model that need not be expressible as a whole."""

<<<<<<< HEAD
import contextlib
from collections.abc import Mapping, Sequence
=======
from collections.abc import Sequence, Set
>>>>>>> reference2
from dataclasses import dataclass

from npu_hal.api import AnyOperation, Graph, InvalidGraph, InvalidModel, Tensor, UnsupportedOperation
from npu_hal.tflite.model import FileOperator
from npu_hal.tflite.model_file import Source, SubgraphFile, open_model
from npu_hal.tflite.operator_reader import OperatorReader


@dataclass(frozen=True, slots=True)
class PartialModel:
    """All operators of a model file, and the graph of those that the interface can express.

    `positions` has the position in the file of each of the graph's operations. Tensors that an operator which cannot
<<<<<<< HEAD
    be expressed computes are inputs of the graph; those that one reads are outputs. `tensors` has all tensors of the
    file that operators use and the interface can express, by their index in the file, which `inputs` and `outputs`
    of the model are too.
=======
    be expressed computes are inputs of the graph; those that one reads are outputs. Operators that the reader folded
    away have no operation and no reason either. `tensor_indices` has the index in the file for each tensor of the graph
    (beyond the file's own for the states of variables), `inputs` and `outputs` are the model's own.
>>>>>>> reference2
    """

    graph: Graph
    description: str
    operators: tuple[FileOperator, ...]
    positions: tuple[int, ...]
    tensors: Mapping[int, Tensor]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]

    @property
    def is_whole(self) -> bool:
        """Whether every operator can be expressed."""
        return not any(operator.reason for operator in self.operators)


def read_partial_model(source: Source) -> PartialModel:
    """The model in a .tflite file, or in the bytes of one; raises `InvalidModel` if it is damaged."""
    file = open_model(source)
    subgraph = file.subgraph(0)
<<<<<<< HEAD
    operators = OperatorReader(file, subgraph).read()
    expressible = [operator for operator in operators if operator.operation is not None]
    operations = [operator.operation for operator in expressible if operator.operation is not None]
    try:
        graph = _graph(subgraph, operators, operations)
=======
    reader = OperatorReader(file, subgraph)
    operators = reader.read()
    results = {reader.variables.current(index) for index in subgraph.outputs}
    results.update(state.after for state in reader.variables.states())
    expressible = [operator for operator in operators if operator.operation is not None]
    operations = [operator.operation for operator in expressible if operator.operation is not None]
    try:
        graph, tensor_indices = _graph(subgraph, operators, operations, results)
>>>>>>> reference2
    except InvalidGraph as error:
        raise InvalidModel(f"the model is invalid: {error}") from None
    return PartialModel(
        graph=graph,
        description=file.description,
        operators=operators,
        positions=tuple(operator.index for operator in expressible),
<<<<<<< HEAD
        tensors=_tensors(subgraph, operators),
=======
        tensor_indices=tensor_indices,
>>>>>>> reference2
        inputs=subgraph.inputs,
        outputs=subgraph.outputs,
    )


<<<<<<< HEAD
def _graph(subgraph: SubgraphFile, operators: Sequence[FileOperator], operations: Sequence[AnyOperation]) -> Graph:
=======
def _graph(
    file: SubgraphFile, operators: Sequence[FileOperator], operations: Sequence[AnyOperation], results: Set[int]
) -> tuple[Graph, tuple[int, ...]]:
>>>>>>> reference2
    computed = {index for operation in operations for index in operation.outputs}
    used = sorted(computed | {index for operation in operations for index in operation.inputs})
    elsewhere = {index for operator in operators if operator.reason for index in operator.view.inputs}
    place = {index: position for position, index in enumerate(used)}
    tensors = tuple(subgraph.tensors[index] for index in used)
    given = [index for index in used if index not in computed and not subgraph.tensors[index].is_constant]
    read_elsewhere = {*subgraph.outputs, *elsewhere}
    return Graph(
        name=subgraph.name,
        tensors=tensors,
        operations=tuple(operation.renumbered(place.__getitem__) for operation in operations),
<<<<<<< HEAD
        inputs=tuple(place[index] for index in given),
        outputs=tuple(place[index] for index in used if index in computed & read_elsewhere),
=======
        inputs=tuple(place[index] for index in used if index not in computed and not file.tensors[index].is_constant),
        outputs=tuple(place[index] for index in used if index in computed and index in results | elsewhere),
>>>>>>> reference2
    )


def _tensors(subgraph: SubgraphFile, operators: Sequence[FileOperator]) -> dict[int, Tensor]:
    used = {*subgraph.inputs, *subgraph.outputs}
    for operator in operators:
        used.update(index for index in (*operator.view.inputs, *operator.view.outputs) if index >= 0)
    tensors = {}
    for index in sorted(used):
        with contextlib.suppress(UnsupportedOperation):
            tensors[index] = subgraph.tensors[index]
    return tensors
