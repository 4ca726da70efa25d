"""What can be expressed of a model that need not be expressible as a whole."""

import contextlib
from collections.abc import Mapping, Sequence
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
    of the model are too.
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
    operators = OperatorReader(file, subgraph).read()
    expressible = [operator for operator in operators if operator.operation is not None]
    operations = [operator.operation for operator in expressible if operator.operation is not None]
    try:
        graph = _graph(subgraph, operators, operations)
    except InvalidGraph as error:
        raise InvalidModel(f"the model is invalid: {error}") from None
    return PartialModel(
        graph=graph,
        description=file.description,
        operators=operators,
        positions=tuple(operator.index for operator in expressible),
        tensors=_tensors(subgraph, operators),
        inputs=subgraph.inputs,
        outputs=subgraph.outputs,
    )


def _graph(subgraph: SubgraphFile, operators: Sequence[FileOperator], operations: Sequence[AnyOperation]) -> Graph:
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
        inputs=tuple(place[index] for index in given),
        outputs=tuple(place[index] for index in used if index in computed & read_elsewhere),
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
