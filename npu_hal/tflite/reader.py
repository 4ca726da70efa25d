"""Reading .tflite files, without a TensorFlow Lite runtime."""

from collections import defaultdict
from collections.abc import Sequence

from npu_hal.api import AnyOperation, Graph, InvalidGraph, InvalidModel, Reshape, Tensor, UnsupportedOperation
from npu_hal.tflite.flatbuffer import Table
from npu_hal.tflite.model import FileOperator, Model
from npu_hal.tflite.model_file import ModelFile, OperatorCode, Source, open_model
from npu_hal.tflite.operator_view import OperatorView, OptionValue
from npu_hal.tflite.operators import convert_operator, operator_name
from npu_hal.tflite.option_tables import read_options
from npu_hal.tflite.schema import UINT8, UINT32, OperatorSlot

__all__ = ["FileOperator", "Model", "read_model", "read_operators"]


def read_model(source: Source) -> Model:
    """The model in a .tflite file, or in the bytes of one, as a graph.

    Constants are read-only views of the file. Raises `InvalidModel` if the file is damaged or breaks the format's
    rules; `UnsupportedOperation`, which names each operator and the reason, if npu-hal cannot express all of them
    (`read_operators` then tells more).
    """
    file = open_model(source)
    operators = read_file_operators(file)
    refused = [operator for operator in operators if operator.operation is None]
    if refused:
        raise UnsupportedOperation(
            f"{len(refused)} of the model's {len(operators)} operators are not supported: {_summary(refused)}"
        )
    try:
        graph, tensor_indices = _build_graph(file, [op.operation for op in operators if op.operation is not None])
    except InvalidGraph as error:
        raise InvalidModel(f"the model is invalid: {error}") from None
    return Model(
        graph=graph,
        description=file.description,
        operators=operators,
        input_names=tuple(file.signature.inputs.get(index) or file.tensors.name(index) for index in file.inputs),
        output_names=tuple(file.signature.outputs.get(index) or file.tensors.name(index) for index in file.outputs),
        tensor_indices=tensor_indices,
        metadata=file.metadata,
    )


def read_operators(source: Source) -> tuple[FileOperator, ...]:
    """Every operator of a .tflite file's main subgraph, with the reason for each that npu-hal cannot express.

    Raises `InvalidModel`, as `read_model` does.
    """
    return read_file_operators(open_model(source))


def read_file_operators(file: ModelFile) -> tuple[FileOperator, ...]:
    """Every operator of an opened file; raises `InvalidModel`."""
    return tuple(_read_operator(index, table, file) for index, table in enumerate(file.operators))


def _read_operator(index: int, table: Table, file: ModelFile) -> FileOperator:
    code = _operator_code(index, table, file)
    inputs = _operands(index, table.numbers(OperatorSlot.INPUTS, "<i4"), -1, file)
    outputs = _operands(index, table.numbers(OperatorSlot.OUTPUTS, "<i4"), 0, file)
    view = OperatorView(code.code, code.custom_name, code.version, inputs, outputs)
    name = operator_name(view)
    try:
        options = _options(name, table)
        view = OperatorView(code.code, code.custom_name, code.version, inputs, outputs, options)
        operation = convert_operator(view, file.tensors)
        for output, shape in zip(operation.outputs, operation.infer_shapes(file.tensors), strict=True):
            file.tensors.infer(output, shape)
    except UnsupportedOperation as error:
        for output in outputs:
            file.tensors.give_up(output)
        return FileOperator(index, name, view, None, str(error))
    except InvalidGraph as error:
        raise InvalidModel(f"the model is invalid: operator {index} ({name}): {error}") from None
    return FileOperator(index, name, view, operation)


def _operator_code(index: int, table: Table, file: ModelFile) -> OperatorCode:
    position: int = table.scalar(OperatorSlot.OPCODE_INDEX, UINT32, 0)
    if position >= len(file.operator_codes):
        raise InvalidModel(
            f"operator {index} is of kind {position}, but the model lists {len(file.operator_codes)} kinds"
        )
    return file.operator_codes[position]


def _operands(index: int, operands: tuple[int, ...], lowest: int, file: ModelFile) -> tuple[int, ...]:
    for operand in operands:
        if not lowest <= operand < len(file.tensors):
            raise InvalidModel(f"operator {index} uses tensor {operand}, but the model has {len(file.tensors)} tensors")
    return operands


def _options(name: str, table: Table) -> dict[str, OptionValue]:
    number = table.scalar(OperatorSlot.BUILTIN_OPTIONS_TYPE, UINT8, 0)
    return read_options(name, number, table.table(OperatorSlot.BUILTIN_OPTIONS, f"options of {name}"))


def _summary(refused: Sequence[FileOperator]) -> str:
    groups: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    for operator in refused:
        groups[operator.name, operator.reason].append(operator.index)
    return "; ".join(
        f"{name} at {', '.join(map(str, indices))}: {reason}" for (name, reason), indices in groups.items()
    )


def _build_graph(file: ModelFile, operations: Sequence[AnyOperation]) -> tuple[Graph, tuple[int, ...]]:
    """The graph, and the index in the file of each of its tensors.

    A graph's outputs are computed and different from each other, a model's need not be: an output that is an input, a
    constant, or an output already, is copied.
    """
    used = {index for operation in operations for index in (*operation.inputs, *operation.outputs)}
    indices = sorted(used | set(file.inputs) | set(file.outputs))
    tensors = [file.tensors[index] for index in indices]
    position = {index: place for place, index in enumerate(indices)}
    renumbered = [operation.renumbered(position.__getitem__) for operation in operations]
    computed = {index for operation in operations for index in operation.outputs}
    inputs = set(file.inputs)
    outputs: dict[int, None] = {}
    for index in file.outputs:
        output = position[index]
        if index not in computed or output in outputs:
            tensor = file.tensors[index]
            if index not in computed and index not in inputs and not tensor.is_constant:
                raise InvalidGraph(f"output tensor {index} {tensor.name!r} is computed by no operator")
            renumbered.append(Reshape(input=output, output=len(tensors), shape=tensor.shape))
            output = len(tensors)
            tensors.append(_copy_of(tensor))
            indices.append(index)
        outputs[output] = None
    graph = Graph(
        name=file.name,
        tensors=tuple(tensors),
        operations=tuple(renumbered),
        inputs=tuple(position[index] for index in file.inputs),
        outputs=tuple(outputs),
    )
    return graph, tuple(indices)


def _copy_of(tensor: Tensor) -> Tensor:
    return Tensor(name=f"{tensor.name}:copy", shape=tensor.shape, dtype=tensor.dtype, quantization=tensor.quantization)
