"""Handles: what C code holds of Python objects.

A handle is a number that looks like a pointer and is never used again, so that one that was freed, or was made up, is
told from one that is valid.
"""

import itertools
from typing import Generic, NoReturn, TypeVar

from npu_hal_nnapi.burst import Burst
from npu_hal_nnapi.compilation import Compilation
from npu_hal_nnapi.device_memory import MemoryDesc
from npu_hal_nnapi.devices import Device
from npu_hal_nnapi.errors import bad_data, unexpected_null
from npu_hal_nnapi.event import Event
from npu_hal_nnapi.execution import Execution
from npu_hal_nnapi.memory import Memory
from npu_hal_nnapi.model import Model

T = TypeVar("T")

_FIRST = 0x1000
_STEP = 16
_numbers = itertools.count(_FIRST, _STEP)


class Handles(dict[int, T], Generic[T]):
    """Objects of one kind by handle; asking for NULL raises UNEXPECTED_NULL, for what is no handle BAD_DATA."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self._kind = kind

    def add(self, value: T) -> int:
        """A handle for an object, which lives until the handle is forgotten."""
        handle = next(_numbers)
        self[handle] = value
        return handle

    def __missing__(self, handle: int) -> NoReturn:
        if not handle:
            raise unexpected_null(f"the {self._kind} is NULL")
        raise bad_data(f"{handle:#x} is no {self._kind}, or was freed")


memories: Handles[Memory] = Handles("memory")
descriptions: Handles[MemoryDesc] = Handles("memory description")
devices: Handles[Device] = Handles("device")
models: Handles[Model] = Handles("model")
compilations: Handles[Compilation] = Handles("compilation")
executions: Handles[Execution] = Handles("execution")
bursts: Handles[Burst] = Handles("burst")
events: Handles[Event] = Handles("event")
