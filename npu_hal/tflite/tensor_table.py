"""The tensors of a model file."""

import math
from collections.abc import Sequence
from typing import Any, overload

import numpy as np

from npu_hal.api import DType, InvalidGraph, InvalidModel, Shape, Tensor, UnsupportedOperation
from npu_hal.tflite.buffers import Buffers
from npu_hal.tflite.converters.operands import MAX_RANK
from npu_hal.tflite.flatbuffer import Table
from npu_hal.tflite.quantization import read_quantization
from npu_hal.tflite.schema import BOOL, DTYPES, INT8, OTHER_TYPES, UINT32, TensorSlot

# Sizes that are not 0 must not multiply to more: numpy counts bytes in 63 bits, even those of an empty array's axes.
MAX_EXTENT = 1 << 60


def _require_possible(shape: Shape, label: str) -> None:
    """Raise `InvalidModel` unless an array can have `shape`."""
    extent = math.prod(length for length in shape if length)
    if len(shape) > MAX_RANK or min(shape, default=0) < 0 or extent > MAX_EXTENT:
        raise InvalidModel(f"{label} has the impossible shape {list(shape)}")


class TensorTable(Sequence[Tensor]):
    """Tensors by index, each read when it is first asked for, so that those that nothing uses do not matter.

    An index raises `UnsupportedOperation` if the interface has no such tensor, `InvalidModel` if it is damaged.
    The shapes of computed tensors that a file stores are hints, in some files missing or wrong: as TensorFlow Lite
    does, the reader infers them from the inputs' shapes, operator by operator.
    """

    def __init__(self, tables: Sequence[Table], buffers: Buffers) -> None:
        self._tables = tables
        self._buffers = buffers
        self._read: dict[int, Tensor] = {}
        self._without_shape: set[int] = set()
        self._added: list[Tensor] = []

    def __len__(self) -> int:
        return len(self._tables) + len(self._added)

    @property
    def in_file(self) -> int:
        """The number of tensors that the file has; those that `add` made follow."""
        return len(self._tables)

    @overload
    def __getitem__(self, index: int) -> Tensor: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Tensor]: ...
    def __getitem__(self, index: int | slice) -> Tensor | Sequence[Tensor]:
        if isinstance(index, slice):
            return [self[position] for position in range(*index.indices(len(self)))]
        if index in self._without_shape:
            raise UnsupportedOperation(
                f"tensor {index} {self.name(index)!r} has no stored shape, and the operator that computes it is not "
                f"supported"
            )
        if index not in self._read:
            self._read[index] = self._tensor(index) if index < len(self._tables) else self._added[index - self.in_file]
        return self._read[index]

    def add(self, tensor: Tensor) -> int:
        """Add a tensor that the file has not; its index."""
        self._added.append(tensor)
        return len(self) - 1

    def is_variable(self, index: int) -> bool:
        """Whether the tensor keeps its value from one inference to the next."""
        return index < len(self._tables) and self._tables[index].scalar(TensorSlot.IS_VARIABLE, BOOL, False)

    def name(self, index: int) -> str:
        """A tensor's name; its index if it has none."""
        if index >= len(self._tables):
            return self._added[index - self.in_file].name
        return self._tables[index].text(TensorSlot.NAME) or f"tensor{index}"

    def infer(self, index: int, shape: Shape) -> None:
        """Replace the stored shape by the one that an operator computes."""
        tensor = self[index]
        if tensor.shape != shape:
            _require_possible(shape, f"tensor {index} {tensor.name!r}")
            self._read[index] = Tensor(
                name=tensor.name, shape=shape, dtype=tensor.dtype, quantization=tensor.quantization, data=tensor.data
            )

    def make_constant(self, index: int, data: np.ndarray[Any, Any]) -> None:
        """Give a computed tensor the contents that are known for it, which fit its shape and type."""
        tensor = self[index]
        self._read[index] = Tensor(
            name=tensor.name, shape=tensor.shape, dtype=tensor.dtype, quantization=tensor.quantization, data=data
        )

    def give_up(self, index: int) -> None:
        """Note that nothing but the file tells the tensor's shape, because its operator is not supported."""
        # A computed scalar cannot be told from a tensor whose shape the converter did not know.
        if index < len(self._tables) and not self._shape(index):
            self._without_shape.add(index)

    def _shape(self, index: int) -> Shape:
        return self._tables[index].numbers(TensorSlot.SHAPE, "<i4")

    def _tensor(self, index: int) -> Tensor:
        table = self._tables[index]
        name = self.name(index)
        label = f"tensor {index} {name!r}"
        dtype = self._dtype(table, label)
        if table.has(TensorSlot.SPARSITY):
            raise UnsupportedOperation(f"{label} is stored sparsely, which npu-hal does not support")
        shape = self._shape(index)
        _require_possible(shape, label)
        data = self._data(table, shape, dtype, label)
        if data is not None and self.is_variable(index):
            raise InvalidModel(f"{label} is a variable, and a constant")
        try:
            quantization = read_quantization(table.table(TensorSlot.QUANTIZATION, label), shape, dtype, label)
            return Tensor(name=name, shape=shape, dtype=dtype, quantization=quantization, data=data)
        except InvalidGraph as error:
            raise InvalidModel(f"{label} is invalid: {error}") from None

    @staticmethod
    def _dtype(table: Table, label: str) -> DType:
        number = table.scalar(TensorSlot.TYPE, INT8, 0)
        if number in DTYPES:
            return DTYPES[number]
        if number in OTHER_TYPES:
            raise UnsupportedOperation(f"{label} has elements of {OTHER_TYPES[number]}, which npu-hal has not")
        raise InvalidModel(f"{label} has elements of the unknown type {number}")

    def _data(self, table: Table, shape: Shape, dtype: DType, label: str) -> np.ndarray[Any, Any] | None:
        buffer = table.scalar(TensorSlot.BUFFER, UINT32, 0)
        contents = self._buffers.contents(buffer)
        needed = math.prod(shape) * dtype.itemsize
        if not contents and (needed or not buffer):
            return None
        if len(contents) != needed:
            raise InvalidModel(
                f"{label} of shape {list(shape)} and type {dtype} takes {needed} bytes, but its buffer {buffer} has "
                f"{len(contents)}"
            )
        stored = np.frombuffer(contents, dtype.numpy.newbyteorder("<")).reshape(shape)
        # Views of the file but on big-endian machines, and where a writer did not align the contents.
        return np.require(stored, dtype.numpy, ["C", "A"])
