"""The buffers of a model file: contents of constants and metadata."""

from collections.abc import Sequence

from npu_hal.api import InvalidModel
from npu_hal.tflite.flatbuffer import FlatBuffer, Table
from npu_hal.tflite.schema import UINT64, BufferSlot


class Buffers:
    """Contents by index, as views of the file. Buffer 0 is empty by convention."""

    def __init__(self, file: FlatBuffer, tables: Sequence[Table]) -> None:
        self._file = file
        self._tables = tables

    def __len__(self) -> int:
        return len(self._tables)

    def contents(self, index: int) -> memoryview:
        """The bytes of a buffer, empty if it has none. Raises `InvalidModel` if they are not all in the file."""
        if index == 0:
            return self._file.data[:0]
        if index >= len(self._tables):
            raise InvalidModel(f"a tensor's contents are in buffer {index}, but the model has {len(self._tables)}")
        table = self._tables[index]
        # Offsets 0 and 1 are placeholders for contents that are in the flatbuffer.
        offset = table.scalar(BufferSlot.OFFSET, UINT64, 0)
        if offset <= 1:
            return table.bytes_view(BufferSlot.DATA)
        size = table.scalar(BufferSlot.SIZE, UINT64, 0)
        self._file.check(offset, size, f"buffer {index}")
        return self._file.data[offset : offset + size]
