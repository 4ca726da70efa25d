"""Reading .tflite files, without a TensorFlow Lite runtime."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from npu_hal import api
from npu_hal.api import (
    Graph,
    InvalidGraph,
    InvalidInput,
    InvalidModel,
    Tensor,
    UnsupportedOperation,
)
from npu_hal.tflite.model import FileOperator, Model, State
from npu_hal.tflite.model_file import ModelFile, Source, SubgraphFile, open_model
from npu_hal.tflite.operator_reader import OperatorReader
from npu_hal.tflite.states import TrackedState

if TYPE_CHECKING:
    from npu_hal.api import AnyOperation

__all__ = ["FileOperator", "Model", "State", "read_model", "read_operators"]


def read_model(source: Source, shapes: Mapping[str, Sequence[int]] | None = None) -> Model:
    """The model in a .tflite file, or in the bytes of one, as a graph.

    `shapes` gives inputs, by the name in the model's signature or that of the tensor, another shape than the file's;
    all others are inferred anew. Constants are read-only views of the file. Raises `InvalidModel` if the file is
    damaged or breaks the format's rules; `UnsupportedOperation`, which names each operator and the reason, if npu-hal
    cannot express all of them (`read_operators` then tells more); `InvalidInput` if the model does not take `shapes`.
    """
    file = open_model(source)
    subgraph = file.subgraph(0)
    if not shapes:
        return _read_model(file, subgraph)
    _set_shapes(file, subgraph, shapes)
    try:
        return _read_model(file, subgraph)
    except InvalidModel as error:
        described = ", ".join(f"{name}={','.join(map(str, shape))}" for name, shape in shapes.items())
        raise InvalidInput(f"the model cannot be given the input shapes {described}: {error}") from None


def read_operators(source: Source) -> tuple[FileOperator, ...]:
    """Every operator of a .tflite file's main subgraph, with the reason for each that npu-hal cannot express.

    Raises `InvalidModel`, as `read_model` does.
    """
    file = open_model(source)
    return OperatorReader(file, file.subgraph(0)).read()


def _read_model(file: ModelFile, subgraph: SubgraphFile) -> Model:
    reader = OperatorReader(file, subgraph)
    operators = reader.read()
    refused = [operator for operator in operators if operator.reason]
    if refused:
        raise UnsupportedOperation(
            f"{len(refused)} of the model's {len(operators)} operators are not supported: {_summary(refused)}"
        )
    results = tuple(reader.variables.current(index) for index in subgraph.outputs)
    states = reader.variables.states()
    try:
        graph, tensor_indices = _build_graph(
            subgraph, [op.operation for op in operators if op.operation is not None], results, states
        )
    except InvalidGraph as error:
        raise InvalidModel(f"the model is invalid: {error}") from None
    inputs, outputs = len(subgraph.inputs), len(subgraph.outputs)
    return Model(
        graph=graph,
        description=file.description,
        operators=operators,
        input_names=tuple(_input_name(file, subgraph, index) for index in subgraph.inputs),
        output_names=tuple(
            file.signature.outputs.get(index) or subgraph.tensors.name(index) for index in subgraph.outputs
        ),
        tensor_indices=tensor_indices,
        metadata=file.metadata,
        states=tuple(
            State(input=inputs + number, output=outputs + number, initial=state.initial)
            for number, state in enumerate(states)
        ),
    )


def _input_name(file: ModelFile, subgraph: SubgraphFile, index: int) -> str:
    return file.signature.inputs.get(index) or subgraph.tensors.name(index)


def _set_shapes(file: ModelFile, subgraph: SubgraphFile, shapes: Mapping[str, Sequence[int]]) -> None:
    inputs = {subgraph.tensors.name(index): index for index in subgraph.inputs}
    inputs |= {_input_name(file, subgraph, index): index for index in subgraph.inputs}
    for name, shape in shapes.items():
        if name not in inputs:
            known = ", ".join(_input_name(file, subgraph, index) for index in subgraph.inputs)
            raise InvalidInput(f"the model has no input {name!r} to be given a shape; its inputs are: {known}")
        index = inputs[name]
        stored = subgraph.tensors[index].shape
        if len(shape) != len(stored) or min(shape, default=1) < 1:
            raise InvalidInput(
                f"input {name!r} cannot have the shape {list(shape)}: it has {len(stored)} dimensions, "
                f"{list(stored)} in the file, each 1 at least"
            )
        subgraph.tensors.infer(index, tuple(shape))


def _summary(refused: Sequence[FileOperator]) -> str:
    """The kinds that are refused, where they are, and why: of reasons that differ in their tensors, the first."""
    groups: defaultdict[str, list[FileOperator]] = defaultdict(list)
    for operator in refused:
        groups[operator.name].append(operator)
    parts = []
    for name, operators in groups.items():
        reasons = dict.fromkeys(operator.reason for operator in operators)
        where = ", ".join(str(operator.index) for operator in operators)
        more = f" (and {len(reasons) - 1} more like it)" if len(reasons) > 1 else ""
        parts.append(f"{name} at {where}: {next(iter(reasons))}{more}")
    return "; ".join(parts)


def _build_graph(
    subgraph: SubgraphFile,
    operations: Sequence["AnyOperation"],
    results: Sequence[int],
    states: Sequence[TrackedState],
) -> tuple[Graph, tuple[int, ...]]:
    """The graph, and the index in the file of each of its tensors, -1 for those that the file has not.

    `results` are the tensors that the model's outputs show; inputs and outputs of `states` follow those of the model.
    A graph's outputs are computed and different from each other, a model's need not be: an output that is an input, a
    constant, or an output already, is copied.
    """
    given = (*subgraph.inputs, *(state.before for state in states))
    wanted = (*results, *(state.after for state in states))
    used = {index for operation in operations for index in (*operation.inputs, *operation.outputs)}
    indices = sorted(used | set(given) | set(wanted))
    tensors = [subgraph.tensors[index] for index in indices]
    position = {index: place for place, index in enumerate(indices)}
    renumbered = [operation.renumbered(position.__getitem__) for operation in operations]
    computed = {index for operation in operations for index in operation.outputs}
    outputs: dict[int, None] = {}
    for index in wanted:
        output = position[index]
        if index not in computed or output in outputs:
            tensor = subgraph.tensors[index]
            if index not in computed and index not in given and not tensor.is_constant:
                raise InvalidGraph(f"output tensor {index} {tensor.name!r} is computed by no operator")
            # Named in full, so that it is imported for the few models that need it.
            renumbered.append(api.Reshape(input=output, output=len(tensors), shape=tensor.shape))
            output = len(tensors)
            tensors.append(_copy_of(tensor))
            indices.append(index)
        outputs[output] = None
    graph = Graph(
        name=subgraph.name,
        tensors=tuple(tensors),
        operations=tuple(renumbered),
        inputs=tuple(position[index] for index in given),
        outputs=tuple(outputs),
    )
    return graph, tuple(_file_index(index, subgraph) for index in indices)


def _file_index(index: int, subgraph: SubgraphFile) -> int:
    return index if index < subgraph.tensors.in_file else -1


def _copy_of(tensor: Tensor) -> Tensor:
    return Tensor(name=f"{tensor.name}:copy", shape=tensor.shape, dtype=tensor.dtype, quantization=tensor.quantization)
