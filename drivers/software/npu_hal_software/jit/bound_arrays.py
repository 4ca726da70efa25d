"""The caller's arrays, and their addresses in the records of a program."""

import ctypes
import weakref
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from npu_hal.api import Array, Tensor, check_buffers


class BoundArrays:
    """The arrays of a subgraph's inputs, or outputs, and where their addresses belong.

    `records` is C-contiguous; `slots` lists, per array, positions in it, flattened. Callers mostly pass the same arrays
    again, and to check an array and ask for its address takes as long as a small model: so the last ones are
    recognised. They are not kept alive.
    """

    def __init__(
        self, records: NDArray[np.int64], slots: Sequence[Sequence[int]], tensors: Sequence[Tensor], role: str
    ) -> None:
        # A memoryview's items are written in a third of the time of an array's.
        self._records = records.reshape(-1).data
        self._slots = slots
        self._tensors = tensors
        self._role = role
        self._are_outputs = role == "output"
        self._bound: list[Callable[[], Array | None]] = [_nothing] * len(tensors)

    def check(self, arrays: Sequence[Array]) -> None:
        """Raise `InvalidInput` if the arrays do not fit the tensors, or are outputs and read-only."""
        bound = self._bound
        if len(arrays) == len(bound):
            for position, array in enumerate(arrays):
                if bound[position]() is not array or (self._are_outputs and not array.flags.writeable):
                    break
            else:
                return
        check_buffers(self._tensors, arrays, self._role, writable=self._are_outputs)

    def bind(self, arrays: Sequence[Array]) -> None:
        """Write the addresses of arrays that passed `check` to the records."""
        bound = self._bound
        for position, array in enumerate(arrays):
            if bound[position]() is not array:
                # Whatever interrupts this, no array is recognised whose address is not in the records.
                bound[position] = _nothing
                address = address_of(array)
                for slot in self._slots[position]:
                    self._records[slot] = address
                bound[position] = weakref.ref(array)


def _nothing() -> None:
    """What a reference to no array gives."""


def address_of(array: Array) -> int:
    """Where the data of a contiguous array begins."""
    try:
        # Three times as fast as numpy's own, but only for memory that may be written.
        return ctypes.addressof(ctypes.c_char.from_buffer(array.data))
    except (TypeError, ValueError):
        return int(array.ctypes.data)
