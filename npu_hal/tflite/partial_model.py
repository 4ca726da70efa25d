"""What can be expressed of a model that need not be expressible as a whole."""

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from npu_hal.api import AnyOperation, Graph, InvalidGraph, InvalidModel, Tensor, UnsupportedOperation
from npu_hal.tflite.model import FileOperator
from npu_hal.tflite.model_file import ModelFile, Source, open_model
from npu_hal.tflite.reader import read_file_operators


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
        return len(self.positions) == len(self.operators)


def read_partial_model(source: Source) -> PartialModel:
    """The model in a .tflite file, or in the bytes of one; raises `InvalidModel` if it is damaged."""
    file = open_model(source)
    operators = read_file_operators(file)
    expressible = [operator for operator in operators if operator.operation is not None]
    operations = [operator.operation for operator in expressible if operator.operation is not None]
    try:
        graph = _graph(file, operators, operations)
    except InvalidGraph as error:
        raise InvalidModel(f"the model is invalid: {error}") from None
    return PartialModel(
        graph=graph,
        description=file.description,
        operators=operators,
        positions=tuple(operator.index for operator in expressible),
        tensors=_tensors(file, operators),
        inputs=file.inputs,
        outputs=file.outputs,
    )


def _graph(file: ModelFile, operators: Sequence[FileOperator], operations: Sequence[AnyOperation]) -> Graph:
    computed = {index for operation in operations for index in operation.outputs}
    used = sorted(computed | {index for operation in operations for index in operation.inputs})
    elsewhere = {index for operator in operators if operator.operation is None for index in operator.view.inputs}
    place = {index: position for position, index in enumerate(used)}
    tensors = tuple(file.tensors[index] for index in used)
    return Graph(
        name=file.name,
        tensors=tensors,
        operations=tuple(operation.renumbered(place.__getitem__) for operation in operations),
        inputs=tuple(place[index] for index in used if index not in computed and not file.tensors[index].is_constant),
        outputs=tuple(place[index] for index in used if index in computed and index in {*file.outputs, *elsewhere}),
    )


def _tensors(file: ModelFile, operators: Sequence[FileOperator]) -> dict[int, Tensor]:
    used = {*file.inputs, *file.outputs}
    for operator in operators:
        used.update(index for index in (*operator.view.inputs, *operator.view.outputs) if index >= 0)
    tensors = {}
    for index in sorted(used):
        with contextlib.suppress(UnsupportedOperation):
            tensors[index] = file.tensors[index]
    return tensors
