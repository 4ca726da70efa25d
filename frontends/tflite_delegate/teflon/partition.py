"""Nodes of a model that run on the device as one subgraph."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from npu_hal.api import Graph, InvalidState, Subgraph, Tensor
from teflon.compiler import Compiler
from teflon.constant_outputs import ConstantOutputs
from teflon.delegated_model import DelegatedModel
from teflon.partition_graph import build_graph, is_same_graph, needed_nodes
from teflon.shape_inference import InferredPlan

BoundTensor = tuple[int, Tensor]


@dataclass(frozen=True, slots=True)
class CompiledPartition:
    """A subgraph, and each tensor that it reads and writes, with the runtime's index, in the subgraph's order.

    `graph` is what was compiled for the device, None if there is nothing to compute; `constants` are those of the
    outputs, the last, whose contents are known beforehand.
    """

    inputs: tuple[BoundTensor, ...]
    outputs: tuple[BoundTensor, ...]
    graph: Graph | None
    constants: tuple[BoundTensor, ...]
    subgraph: Subgraph

    def is_for(self, graph: Graph | None, constants: Sequence[BoundTensor]) -> bool:
        """Whether compiling these would give the same."""
        if graph is None or self.graph is None:
            is_same = graph is self.graph
        else:
            is_same = is_same_graph(graph, self.graph)
        return (
            is_same
            and len(constants) == len(self.constants)
            and all(
                index == other_index and np.array_equal(tensor.constant(), other.constant())
                for (index, tensor), (other_index, other) in zip(constants, self.constants, strict=True)
            )
        )


class Partition:
    """`nodes` of a model, in plan order, which compute the tensors `outputs`.

    It is compiled when it is made, and by `update` again where shapes have changed.
    """

    def __init__(
        self, model: DelegatedModel, nodes: Sequence[int], outputs: Sequence[int], name: str, compiler: Compiler
    ) -> None:
        self.name = name
        self._model = model
        self._nodes = tuple(nodes)
        self._outputs = tuple(outputs)
        self._compiler = compiler
        self._is_closed = False
        self._inferred: InferredPlan | None = None
        self._compiled: CompiledPartition | None = None
        self.update()

    def update(self) -> CompiledPartition:
        """The partition as compiled for the shapes that the runtime's tensors have now.

        Raises `UnsupportedOperation` if these are not possible, `InvalidState` after `close`, and what compiling
        raises. A later call, with other shapes, may succeed.
        """
        if self._is_closed:
            raise InvalidState("the subgraph has been closed")
        inferred = self._model.infer()
        if self._compiled is None or inferred is not self._inferred:
            self._compiled = self._compile(inferred)
            self._inferred = inferred
        return self._compiled

    def close(self) -> None:
        """Release the subgraph; may be called again."""
        self._is_closed = True
        self._discard()

    def _discard(self) -> None:
        compiled, self._compiled = self._compiled, None
        if compiled is not None:
            compiled.subgraph.close()

    def _compile(self, inferred: InferredPlan) -> CompiledPartition:
        self._model.require_possible(self._nodes, inferred)
        tensors = inferred.tensors
        constants = tuple((index, tensors[index]) for index in self._outputs if tensors[index].is_constant)
        computed = [index for index in self._outputs if not tensors[index].is_constant]
        operations = {node: inferred.operations[node] for node in self._nodes if node in inferred.operations}
        nodes = needed_nodes(operations, computed)
        bound = build_graph(tensors, [operations[node] for node in nodes], computed, self.name) if nodes else None
        graph = None if bound is None else bound.graph
        if self._compiled is not None and self._compiled.is_for(graph, constants):
            return self._compiled
        # First, for two subgraphs may take more memory than there is.
        self._discard()
        subgraph = None
        if graph is not None:
            is_first = self._inferred is None
            subgraph = self._compiler.compile(graph) if is_first else self._compiler.compile_resized(graph)
        if subgraph is None or constants:
            subgraph = ConstantOutputs(subgraph, [tensor.constant() for _, tensor in constants])
        inputs = () if bound is None else tuple((index, tensors[index]) for index in bound.inputs)
        outputs = (*((index, tensors[index]) for index in computed), *constants)
        return CompiledPartition(inputs, outputs, graph, constants, subgraph)
