"""The operators of a model file, converted one by one in the order in which they run."""

from collections.abc import Sequence
from dataclasses import replace

from npu_hal.api import InvalidGraph, InvalidModel, UnsupportedOperation
from npu_hal.tflite.flatbuffer import Table
from npu_hal.tflite.folding import fold
from npu_hal.tflite.model import FileOperator
from npu_hal.tflite.model_file import ModelFile, OperatorCode, SubgraphFile
from npu_hal.tflite.operator_view import OperatorView, OptionValue
from npu_hal.tflite.operators import convert_operator, operator_name
from npu_hal.tflite.option_tables import read_options
from npu_hal.tflite.schema import UINT8, UINT32, UINT64, OperatorSlot
from npu_hal.tflite.states import Variables, initial_values

_CALL_ONCE = "CALL_ONCE"


class OperatorReader:
    """Reads the operators of a file's first subgraph; `variables` tells of its variables when all are read."""

    def __init__(self, file: ModelFile, subgraph: SubgraphFile) -> None:
        self._file = file
        self._subgraph = subgraph
        self._tensors = subgraph.tensors
        self.variables = Variables(subgraph.tensors)

    def read(self) -> tuple[FileOperator, ...]:
        """All operators. Raises `InvalidModel`."""
        return tuple(self._read(index, table) for index, table in enumerate(self._subgraph.operators))

    def _read(self, index: int, table: Table) -> FileOperator:
        view = self._operands(index, table, self._subgraph)
        name = operator_name(view)
        try:
            view = _with_options(name, view, table)
            return self._convert(index, name, view)
        except UnsupportedOperation as error:
            for output in view.outputs:
                self._tensors.give_up(output)
            return FileOperator(index, name, view, None, str(error))
        except InvalidGraph as error:
            raise InvalidModel(f"the model is invalid: operator {index} ({name}): {error}") from None

    def _convert(self, index: int, name: str, view: OperatorView) -> FileOperator:
        if name == _CALL_ONCE:
            self._initialise(view)
            return FileOperator(index, name, view, None)
        if self.variables.access(name, view):
            return FileOperator(index, name, view, None)
        view = self.variables.expose(name, view)
        operation = convert_operator(view, self._tensors)
        for output, shape in zip(operation.outputs, operation.infer_shapes(self._tensors), strict=True):
            self._tensors.infer(output, shape)
        value = fold(operation, self._tensors)
        if value is None:
            return FileOperator(index, name, view, operation)
        self._tensors.make_constant(operation.outputs[0], value)
        return FileOperator(index, name, view, None)

    def _initialise(self, view: OperatorView) -> None:
        number = view.options.get("init_subgraph_index", 0)
        subgraph = self._file.subgraph(int(number) if isinstance(number, int) else 0)
        operators = []
        for index, table in enumerate(subgraph.operators):
            inner = self._operands(index, table, subgraph)
            name = operator_name(inner)
            operators.append((name, _with_options(name, inner, table)))
        self.variables.initialise(initial_values(operators, subgraph.tensors))

    def _operands(self, index: int, table: Table, subgraph: SubgraphFile) -> OperatorView:
        code = _operator_code(index, table, self._file)
        count = len(subgraph.tensors)
        return OperatorView(
            code.code,
            code.custom_name,
            code.version,
            _checked(index, table.numbers(OperatorSlot.INPUTS, "<i4"), -1, count),
            _checked(index, table.numbers(OperatorSlot.OUTPUTS, "<i4"), 0, count),
            intermediates=_checked(index, table.numbers(OperatorSlot.INTERMEDIATES, "<i4"), -1, count),
        )


def _operator_code(index: int, table: Table, file: ModelFile) -> OperatorCode:
    position: int = table.scalar(OperatorSlot.OPCODE_INDEX, UINT32, 0)
    if position >= len(file.operator_codes):
        raise InvalidModel(
            f"operator {index} is of kind {position}, but the model lists {len(file.operator_codes)} kinds"
        )
    return file.operator_codes[position]


def _checked(index: int, operands: Sequence[int], lowest: int, count: int) -> tuple[int, ...]:
    for operand in operands:
        if not lowest <= operand < count:
            raise InvalidModel(f"operator {index} uses tensor {operand}, but the model has {count} tensors")
    return tuple(operands)


def _with_options(name: str, view: OperatorView, table: Table) -> OperatorView:
    number = table.scalar(OperatorSlot.BUILTIN_OPTIONS_TYPE, UINT8, 0)
    options: dict[str, OptionValue] = read_options(
        name, number, table.table(OperatorSlot.BUILTIN_OPTIONS, f"options of {name}")
    )
    if table.scalar(OperatorSlot.LARGE_CUSTOM_OPTIONS_OFFSET, UINT64, 0) > 1:
        raise UnsupportedOperation(f"{name} has its options outside of the flatbuffer, which is not supported")
    custom = bytes(table.bytes_view(OperatorSlot.CUSTOM_OPTIONS, charged=True))
    return replace(view, options=options, custom_options=custom)
