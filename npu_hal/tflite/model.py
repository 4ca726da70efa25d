"""What a model file gives."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from npu_hal.api import Array, Graph, Tensor
from npu_hal.tflite.operator_view import OperatorView

if TYPE_CHECKING:
    from npu_hal.api import AnyOperation


@dataclass(frozen=True, slots=True)
class FileOperator:
    """An operator of a model file: its position, the name of its kind, and the operation that does the same.

    If the interface cannot express it, `operation` is None and `reason` says why. `reason` is empty otherwise;
    `operation` is None too where nothing is left to do when the model runs: for accesses of variables, and what is
    known before. The operands of `operation` are the file's tensors, and those that hold new states.
    """

    index: int
    name: str
    view: OperatorView
    operation: "AnyOperation | None"
    reason: str = ""


@dataclass(frozen=True, slots=True)
class State:
    """A variable of a model: its positions among the graph's inputs and outputs, and its value before first use.

    What an inference gives at `output` is to be the value at `input` in the next. `initial` is read-only and need not
    be contiguous: copy it.
    """

    input: int
    output: int
    initial: Array


@dataclass(frozen=True, slots=True)
class Model:
    """A model file as a graph.

    The graph's inputs and outputs are the model's, in order, and after them those of its `states`; `input_names` and
    `output_names` are those of the model's signature, or the tensors' names if it has none. `tensor_indices` has the
    index in the file for each tensor of the graph, -1 for those that hold new states. `metadata` are views of the
    file.
    """

    graph: Graph
    description: str
    operators: tuple[FileOperator, ...]
    input_names: tuple[str, ...]
    output_names: tuple[str, ...]
    tensor_indices: tuple[int, ...]
    metadata: Mapping[str, memoryview]
    states: tuple[State, ...] = ()

    @property
    def input_tensors(self) -> tuple[Tensor, ...]:
        """The tensors of the model's own inputs, without those of its states."""
        return self.graph.input_tensors[: len(self.input_names)]

    @property
    def output_tensors(self) -> tuple[Tensor, ...]:
        """The tensors of the model's own outputs, without those of its states."""
        return self.graph.output_tensors[: len(self.output_names)]
