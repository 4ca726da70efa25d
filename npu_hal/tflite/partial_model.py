"""What can be expressed of a model that need not be expressible as a whole."""

from collections.abc import Sequence
from dataclasses import dataclass

from npu_hal.api import AnyOperation, Graph, InvalidGraph, InvalidModel
from npu_hal.tflite.model import FileOperator
from npu_hal.tflite.model_file import ModelFile, Source, open_model
from npu_hal.tflite.reader import read_file_operators


@dataclass(frozen=True, slots=True)
class PartialModel:
    """All operators of a model file, and the graph of those that the interface can express.

    `positions` has the position in the file of each of the graph's operations. Tensors that an operator which cannot
    be expressed computes are inputs of the graph; those that one reads are outputs. `tensor_indices` has the index in
    the file for each tensor of the graph, `inputs` and `outputs` are the model's own.
    """

    graph: Graph
    description: str
    operators: tuple[FileOperator, ...]
    positions: tuple[int, ...]
    tensor_indices: tuple[int, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]

    @property
    def is_whole(self) -> bool:
        """Whether every operator can be expressed."""
        return len(self.positions) == len(self.operators)


def read_partial_model(source: Source) -> PartialModel:
    """The model in a .tflite file, or in the bytes of one; raises `InvalidModel` if it is damaged."""
    file = open_model(source)
    operators = read_file_operators(file)
    expressible = [operator for operator in operators if operator.operation is not None]
    operations = [operator.operation for operator in expressible if operator.operation is not None]
    try:
        graph, tensor_indices = _graph(file, operators, operations)
    except InvalidGraph as error:
        raise InvalidModel(f"the model is invalid: {error}") from None
    return PartialModel(
        graph=graph,
        description=file.description,
        operators=operators,
        positions=tuple(operator.index for operator in expressible),
        tensor_indices=tensor_indices,
        inputs=file.inputs,
        outputs=file.outputs,
    )


def _graph(
    file: ModelFile, operators: Sequence[FileOperator], operations: Sequence[AnyOperation]
) -> tuple[Graph, tuple[int, ...]]:
    computed = {index for operation in operations for index in operation.outputs}
    used = sorted(computed | {index for operation in operations for index in operation.inputs})
    elsewhere = {index for operator in operators if operator.operation is None for index in operator.view.inputs}
    place = {index: position for position, index in enumerate(used)}
    tensors = tuple(file.tensors[index] for index in used)
    graph = Graph(
        name=file.name,
        tensors=tensors,
        operations=tuple(operation.renumbered(place.__getitem__) for operation in operations),
        inputs=tuple(place[index] for index in used if index not in computed and not file.tensors[index].is_constant),
        outputs=tuple(place[index] for index in used if index in computed and index in {*file.outputs, *elsewhere}),
    )
    return graph, tuple(used)
