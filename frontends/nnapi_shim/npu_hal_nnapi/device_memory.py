"""Memory for certain inputs and outputs of compilations, which nobody but executions looks into."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from npu_hal_nnapi.codes import ResultCode
from npu_hal_nnapi.compilation import Compilation
from npu_hal_nnapi.errors import NnapiError, bad_data, bad_state
from npu_hal_nnapi.memory import Memory, Role
from npu_hal_nnapi.operand import OperandType


@dataclass(frozen=True, slots=True)
class MemoryRole:
    """An input or output of a compilation that a memory can be used for."""

    compilation: Compilation
    role: Role
    index: int


class MemoryDesc:
    """What a memory is to be used for; `DeviceMemory` makes it.

    Methods raise `NnapiError`: BAD_STATE after `finish`, BAD_DATA for roles and dimensions that do not go together.
    """

    def __init__(self) -> None:
        self.roles: list[MemoryRole] = []
        self.dimensions: tuple[int, ...] = ()
        self._type: OperandType | None = None
        self._finished = False

    @property
    def is_finished(self) -> bool:
        """Whether `finish` succeeded."""
        return self._finished

    @property
    def type(self) -> OperandType:
        """The type of what the memory holds, of dimensions as far as they are known."""
        if self._type is None:
            raise bad_data("the memory was given no role")
        return self._type.with_dimensions(self.dimensions)

    def add_input_role(self, compilation: Compilation, index: int, frequency: float) -> None:
        """Say that the memory is going to be an input; `frequency`, a hint, is in (0, 1]."""
        self._add(MemoryRole(compilation, "input", index), compilation.model.inputs, frequency)

    def add_output_role(self, compilation: Compilation, index: int, frequency: float) -> None:
        """Say that the memory is going to be an output."""
        self._add(MemoryRole(compilation, "output", index), compilation.model.outputs, frequency)

    def set_dimensions(self, dimensions: tuple[int, ...]) -> None:
        """Give dimensions that the roles leave open."""
        self._require_unfinished()
        if self._type is not None and self._type.is_scalar and dimensions:
            raise bad_data(f"the memory is for a scalar, which has no dimensions {list(dimensions)}")
        self.dimensions = _combined(self.dimensions, dimensions)

    def finish(self) -> None:
        """Let nothing more be changed."""
        self._require_unfinished()
        if not self.roles:
            raise bad_data("the memory was given no role")
        self._finished = True

    def _add(self, role: MemoryRole, operands: tuple[int, ...], frequency: float) -> None:
        self._require_unfinished()
        compilation = role.compilation
        if not compilation.is_finished:
            raise bad_state("the compilation is not finished; a memory cannot have a role in it")
        if not 0 <= role.index < len(operands):
            raise bad_data(f"there is no {role.role} {role.index}; the model has {len(operands)}")
        if not 0 < frequency <= 1:
            raise bad_data(f"a frequency of {frequency} is not in (0, 1]")
        if role in self.roles:
            raise bad_data(f"the memory has the role of {role.role} {role.index} already")
        kind = compilation.model.operands[operands[role.index]].type
        alike = self._type is None or kind.with_dimensions(()) == self._type.with_dimensions(())
        if not alike or (kind.is_scalar and self.dimensions):
            raise bad_data(f"{role.role} {role.index} is of another type than the roles before")
        self.dimensions = _combined(self.dimensions, kind.dimensions)
        self._type = kind
        self.roles.append(role)

    def _require_unfinished(self) -> None:
        if self._finished:
            raise bad_state("the description is finished; it cannot be changed")


class DeviceMemory(Memory):
    """A memory for the roles of a finished description; nothing is in it until something was computed or copied.

    Raises `NnapiError`: BAD_STATE if the description is not finished, OP_FAILED if its dimensions are not all known.
    """

    def __init__(self, desc: MemoryDesc) -> None:
        if not desc.is_finished:
            raise bad_state("the description of the memory is not finished")
        if not desc.type.is_complete:
            raise NnapiError(
                ResultCode.OP_FAILED, f"a memory of dimensions {list(desc.dimensions)} has no size to be made with"
            )
        self.data = np.zeros(math.prod(desc.dimensions) * desc.type.numpy.itemsize, np.uint8)
        self._roles = tuple(desc.roles)
        self._initialized = False

    @property
    def is_initialized(self) -> bool:
        """Whether something was computed or copied into this memory."""
        return self._initialized

    def constant(self, offset: int, length: int) -> NDArray[Any]:
        """BAD_DATA: such a memory is for executions alone."""
        raise bad_data("a memory made from a description cannot hold a model's constants")

    def argument(self, compilation: Compilation, role: Role, index: int, offset: int, length: int) -> NDArray[Any]:
        """All of this memory; BAD_DATA if a part is asked for, or for a role that was not described."""
        if offset or length:
            raise bad_data("a memory made from a description is used as a whole: offset and length have to be 0")
        if MemoryRole(compilation, role, index) not in self._roles:
            raise bad_data(f"the memory was not described as {role} {index} of this compilation")
        return self.data

    def set_initialized(self, is_initialized: bool) -> None:
        """Note what an execution has left in this memory."""
        self._initialized = is_initialized


def _combined(known: tuple[int, ...], more: tuple[int, ...]) -> tuple[int, ...]:
    """Dimensions as far as either knows them; BAD_DATA if they contradict each other."""
    if not known or not more:
        return known or more
    if len(known) != len(more) or any(a and b and a != b for a, b in zip(known, more, strict=True)):
        raise bad_data(f"dimensions {list(known)} and {list(more)} contradict each other")
    return tuple(a or b for a, b in zip(known, more, strict=True))
