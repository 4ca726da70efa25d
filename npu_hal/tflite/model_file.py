"""The parts of a model file, checked but not yet converted."""

import mmap
import os
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from npu_hal.api import InvalidModel
from npu_hal.tflite.buffers import Buffers
from npu_hal.tflite.flatbuffer import FlatBuffer, Table
from npu_hal.tflite.operators import code_name, is_known_code
from npu_hal.tflite.schema import (
    FILE_IDENTIFIER,
    INT8,
    INT32,
    SCHEMA_VERSION,
    UINT32,
    MetadataSlot,
    ModelSlot,
    OperatorCodeSlot,
    SignatureDefSlot,
    SubGraphSlot,
    TensorMapSlot,
)
from npu_hal.tflite.tensor_table import TensorTable

Source = str | os.PathLike[str] | bytes | bytearray | memoryview


class OperatorCode(NamedTuple):
    """A kind of operator that a model uses."""

    code: int
    custom_name: str
    version: int


class Signature(NamedTuple):
    """Names that a model's author gave to the tensors at its inputs and outputs."""

    inputs: Mapping[int, str]
    outputs: Mapping[int, str]


class SubgraphFile(NamedTuple):
    """The parts of one subgraph."""

    name: str
    tensors: TensorTable
    operators: tuple[Table, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]


class ModelFile(NamedTuple):
    """The parts of a file. The model is its first subgraph; the others are reached through operators only."""

    description: str
    operator_codes: tuple[OperatorCode, ...]
    subgraphs: tuple[Table, ...]
    buffers: Buffers
    signature: Signature
    metadata: Mapping[str, memoryview]

    def subgraph(self, index: int) -> SubgraphFile:
        """The parts of a subgraph, read anew at each call; raises `InvalidModel`."""
        if not 0 <= index < len(self.subgraphs):
            raise InvalidModel(f"the model refers to subgraph {index}, but has {len(self.subgraphs)}")
        table = self.subgraphs[index]
        tensors = TensorTable(table.tables(SubGraphSlot.TENSORS, "tensor"), self.buffers)
        return SubgraphFile(
            name=table.text(SubGraphSlot.NAME) or "main",
            tensors=tensors,
            operators=tuple(table.tables(SubGraphSlot.OPERATORS, "operator")),
            inputs=_boundary(table, SubGraphSlot.INPUTS, "input", len(tensors)),
            outputs=_boundary(table, SubGraphSlot.OUTPUTS, "output", len(tensors)),
        )


def open_model(source: Source) -> ModelFile:
    """The parts of the model in a file, which is mapped to memory, or in bytes.

    The file must not be shortened while anything of it is in use. Raises `InvalidModel` if it cannot be read or is no
    TensorFlow Lite model.
    """
    file = FlatBuffer(_map(source) if isinstance(source, str | os.PathLike) else memoryview(source))
    identifier = file.identifier()
    if identifier != FILE_IDENTIFIER:
        raise InvalidModel(
            f"this is no TensorFlow Lite model: its file identifier is {identifier!r}, not {FILE_IDENTIFIER!r}"
        )
    model = file.root()
    version = model.scalar(ModelSlot.VERSION, UINT32, 0)
    if version != SCHEMA_VERSION:
        raise InvalidModel(f"the model's schema has version {version}; only version {SCHEMA_VERSION} can be read")
    subgraphs = model.tables(ModelSlot.SUBGRAPHS, "subgraph")
    if not subgraphs:
        raise InvalidModel("the model has no subgraph")
    buffers = Buffers(file, model.tables(ModelSlot.BUFFERS, "buffer"))
    return ModelFile(
        description=model.text(ModelSlot.DESCRIPTION),
        operator_codes=tuple(
            _operator_code(table) for table in model.tables(ModelSlot.OPERATOR_CODES, "operator code")
        ),
        subgraphs=tuple(subgraphs),
        buffers=buffers,
        signature=_signature(model),
        metadata=_metadata(model, buffers),
    )


def _map(path: str | os.PathLike[str]) -> memoryview:
    try:
        with Path(path).open("rb") as file:
            return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    except OSError as error:
        raise InvalidModel(f"the model {os.fspath(path)} cannot be read: {error.strerror}") from None
    except ValueError:
        raise InvalidModel(f"the model {os.fspath(path)} is empty or no regular file") from None


def _operator_code(table: Table) -> OperatorCode:
    # Codes above 127 came with a wider field; each file has the number in one of the two.
    deprecated = table.scalar(OperatorCodeSlot.DEPRECATED_BUILTIN_CODE, INT8, 0)
    code = max(deprecated, table.scalar(OperatorCodeSlot.BUILTIN_CODE, INT32, 0))
    if not is_known_code(code):
        raise InvalidModel(f"the model uses the unknown builtin operator {code_name(code)}")
    return OperatorCode(
        code, table.text(OperatorCodeSlot.CUSTOM_CODE), table.scalar(OperatorCodeSlot.VERSION, INT32, 1)
    )


def _boundary(subgraph: Table, slot: SubGraphSlot, role: str, tensors: int) -> tuple[int, ...]:
    indices = subgraph.numbers(slot, "<i4")
    for index in indices:
        if not 0 <= index < tensors:
            raise InvalidModel(f"the model's {role} is tensor {index}, but the model has {tensors} tensors")
    return indices


def _metadata(model: Table, buffers: Buffers) -> dict[str, memoryview]:
    # Tools that cut models apart leave entries behind whose buffers are gone.
    entries = (
        (table.text(MetadataSlot.NAME), table.scalar(MetadataSlot.BUFFER, UINT32, 0))
        for table in model.tables(ModelSlot.METADATA, "metadata")
    )
    return {name: buffers.contents(buffer) for name, buffer in entries if buffer < len(buffers)}


def _signature(model: Table) -> Signature:
    for table in model.tables(ModelSlot.SIGNATURE_DEFS, "signature"):
        if table.scalar(SignatureDefSlot.SUBGRAPH_INDEX, UINT32, 0) == 0:
            return Signature(_tensor_map(table, SignatureDefSlot.INPUTS), _tensor_map(table, SignatureDefSlot.OUTPUTS))
    return Signature({}, {})


def _tensor_map(signature: Table, slot: SignatureDefSlot) -> dict[int, str]:
    return {
        entry.scalar(TensorMapSlot.TENSOR_INDEX, UINT32, 0): entry.text(TensorMapSlot.NAME)
        for entry in signature.tables(slot, "signature's tensor")
    }
