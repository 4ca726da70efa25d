"""What can be expressed of a model that need not be expressible as a whole."""

import contextlib
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass

from npu_hal.api import AnyOperation, Graph, InvalidGraph, InvalidModel, Tensor, UnsupportedOperation
from npu_hal.tflite.model import FileOperator
from npu_hal.tflite.model_file import Source, SubgraphFile, open_model
from npu_hal.tflite.operator_reader import OperatorReader


@dataclass(frozen=True, slots=True)
class PartialModel:
    """All operators of a model file, and the graph of those that the interface can express.

    `positions` has the position in the file of each of the graph's operations. Tensors that an operator which cannot
    be expressed computes are inputs of the graph; those that one reads are outputs. `tensors` has all tensors of the
    file that operators use and the interface can express, by their index in the file, which `inputs` and `outputs`
    of the model and `tensor_indices` of the graph's tensors are too. New states of a model that keeps some are tensors
    beyond those of the file, and outputs of the graph.
    """

    graph: Graph
    description: str
    operators: tuple[FileOperator, ...]
    positions: tuple[int, ...]
    tensors: Mapping[int, Tensor]
    tensor_indices: tuple[int, ...]
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
    reader = OperatorReader(file, subgraph)
    operators = reader.read()
    outputs = tuple(reader.variables.current(index) for index in subgraph.outputs)
    expressible = [operator for operator in operators if operator.operation is not None]
    operations = [operator.operation for operator in expressible if operator.operation is not None]
    try:
        results = {*outputs, *(state.after for state in reader.variables.states())}
        graph, tensor_indices = _graph(subgraph, operators, operations, results)
    except InvalidGraph as error:
        raise InvalidModel(f"the model is invalid: {error}") from None
    return PartialModel(
        graph=graph,
        description=file.description,
        operators=operators,
        positions=tuple(operator.index for operator in expressible),
        tensors=_tensors(subgraph, operators),
        tensor_indices=tensor_indices,
        inputs=subgraph.inputs,
        outputs=outputs,
    )


def _graph(
    subgraph: SubgraphFile,
    operators: Sequence[FileOperator],
    operations: Sequence[AnyOperation],
    results: Set[int],
) -> tuple[Graph, tuple[int, ...]]:
    computed = {index for operation in operations for index in operation.outputs}
    used = sorted(computed | {index for operation in operations for index in operation.inputs})
    read_elsewhere = {index for operator in operators if operator.reason for index in operator.view.inputs}
    place = {index: position for position, index in enumerate(used)}
    given = [index for index in used if index not in computed and not subgraph.tensors[index].is_constant]
    graph = Graph(
        name=subgraph.name,
        tensors=tuple(subgraph.tensors[index] for index in used),
        operations=tuple(operation.renumbered(place.__getitem__) for operation in operations),
        inputs=tuple(place[index] for index in given),
        outputs=tuple(place[index] for index in used if index in computed & (read_elsewhere | results)),
    )
    return graph, tuple(used)


def _tensors(subgraph: SubgraphFile, operators: Sequence[FileOperator]) -> dict[int, Tensor]:
    used = {*subgraph.inputs, *subgraph.outputs}
    for operator in operators:
        used.update(index for index in (*operator.view.inputs, *operator.view.outputs) if index >= 0)
        if operator.operation is not None:
            used.update((*operator.operation.inputs, *operator.operation.outputs))
    tensors = {}
    for index in sorted(used):
        with contextlib.suppress(UnsupportedOperation):
            tensors[index] = subgraph.tensors[index]
    return tensors
