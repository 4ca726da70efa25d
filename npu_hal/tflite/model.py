"""What a model file gives."""

from collections.abc import Mapping
from dataclasses import dataclass

from npu_hal.api import AnyOperation, Graph
from npu_hal.tflite.operator_view import OperatorView


@dataclass(frozen=True, slots=True)
class FileOperator:
    """An operator of a model file: its position, the name of its kind, and the operation that does the same.

    `operation` is None if the interface cannot express it, and `reason` then says why; its operands are the file's
    tensors. `reason` is empty otherwise.
    """

    index: int
    name: str
    view: OperatorView
    operation: AnyOperation | None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Model:
    """A model file as a graph.

    The graph's inputs and outputs are the model's, in order; `input_names` and `output_names` are those of the
    model's signature, or the tensors' names if it has none. `tensor_indices` has the index in the file for each
    tensor of the graph. `metadata` are views of the file.
    """

    graph: Graph
    description: str
    operators: tuple[FileOperator, ...]
    input_names: tuple[str, ...]
    output_names: tuple[str, ...]
    tensor_indices: tuple[int, ...]
    metadata: Mapping[str, memoryview]
