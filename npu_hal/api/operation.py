"""What every operation of a graph has in common.

An operation is a frozen, validated model with one field per operand and per attribute. Operand fields hold the
index of a tensor in the graph; the annotations below mark which fields are operands, so that generic code can
list and renumber them without knowing the kinds.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from enum import Enum, StrEnum
from functools import cache
from typing import Annotated, Any, ClassVar, Self

from pydantic import Field

from npu_hal.api.dtype import DType
from npu_hal.api.errors import InvalidGraph
from npu_hal.api.model import ImmutableModel
from npu_hal.api.tensor import Shape, Tensor


class OperandRole(Enum):
    """How an operation uses the tensor whose index a field holds."""

    INPUT = "input"
    OUTPUT = "output"


_Index = Annotated[int, Field(ge=0)]
Input = Annotated[_Index, OperandRole.INPUT]
OptionalInput = Annotated[_Index | None, OperandRole.INPUT]
Inputs = Annotated[tuple[_Index, ...], Field(min_length=1), OperandRole.INPUT]
Output = Annotated[_Index, OperandRole.OUTPUT]
Outputs = Annotated[tuple[_Index, ...], Field(min_length=1), OperandRole.OUTPUT]

Positive = Annotated[int, Field(ge=1)]
NonNegative = Annotated[int, Field(ge=0)]


class Activation(StrEnum):
    """An activation fused into an operation: a clamp of the real output value."""

    NONE = "NONE"
    RELU = "RELU"
    RELU_N1_TO_1 = "RELU_N1_TO_1"
    RELU6 = "RELU6"

    @property
    def bounds(self) -> tuple[float, float]:
        """The real interval that outputs are clamped to."""
        infinity = float("inf")
        return {
            Activation.NONE: (-infinity, infinity),
            Activation.RELU: (0.0, infinity),
            Activation.RELU_N1_TO_1: (-1.0, 1.0),
            Activation.RELU6: (0.0, 6.0),
        }[self]


FLOAT_OR_QUANTISED8 = (DType.FLOAT32, DType.UINT8, DType.INT8)


class Operation(ImmutableModel, ABC):
    """Base of all operations; `kind` is the operation's name in TensorFlow Lite's schema where it has one."""

    kind: str
    # Kinds whose 8-bit operands only move values have no use for a quantisation.
    needs_quantization: ClassVar[bool] = True

    @property
    def inputs(self) -> tuple[int, ...]:
        """Indices of the input tensors in the order of the fields; absent optional inputs are left out."""
        return self._operands(OperandRole.INPUT)

    @property
    def outputs(self) -> tuple[int, ...]:
        """Indices of the output tensors in the order of the fields."""
        return self._operands(OperandRole.OUTPUT)

    def renumbered(self, index_of: Callable[[int], int]) -> Self:
        """A copy whose operands are the tensors ``index_of(index)``."""
        changed: dict[str, Any] = {}
        for name in _operand_fields(type(self)):
            value = getattr(self, name)
            if isinstance(value, tuple):
                changed[name] = tuple(index_of(index) for index in value)
            elif value is not None:
                changed[name] = index_of(value)
        return self.model_copy(update=changed)

    @abstractmethod
    def infer_shapes(self, tensors: Sequence[Tensor]) -> tuple[Shape, ...]:
        """The shapes of the outputs, from the shapes of the inputs among `tensors` and the attributes.

        Raises `InvalidGraph` if the inputs' shapes do not fit each other or the attributes. Shapes of output
        tensors are not looked at.
        """

    @abstractmethod
    def check_types(self, tensors: Sequence[Tensor]) -> None:
        """Check element types and quantisations of inputs and outputs; raises `InvalidGraph`."""

    def check(self, tensors: Sequence[Tensor]) -> None:
        """Check everything about this operation that its own operands decide; raises `InvalidGraph`."""
        self.check_types(tensors)
        if self.needs_quantization:
            self._require_quantization(tensors)
        for index, shape in zip(self.outputs, self.infer_shapes(tensors), strict=True):
            if tensors[index].shape != shape:
                raise InvalidGraph(
                    f"output tensor {index} {tensors[index].name!r} has shape {list(tensors[index].shape)}, "
                    f"but the operation gives {list(shape)}"
                )

    def _operands(self, role: OperandRole) -> tuple[int, ...]:
        indices: list[int] = []
        for name, field_role in _operand_fields(type(self)).items():
            if field_role is role:
                value = getattr(self, name)
                if isinstance(value, tuple):
                    indices.extend(value)
                elif value is not None:
                    indices.append(value)
        return tuple(indices)

    def _require_quantization(self, tensors: Sequence[Tensor]) -> None:
        for index in (*self.inputs, *self.outputs):
            tensor = tensors[index]
            if not tensor.dtype.is_quantised8:
                continue
            if tensor.quantization is None:
                raise InvalidGraph(f"tensor {index} {tensor.name!r} is {tensor.dtype} without quantisation")
            if not tensor.is_constant and (tensor.quantization.is_per_axis or tensor.quantization.scale <= 0):
                raise InvalidGraph(
                    f"tensor {index} {tensor.name!r} is no constant: it needs one scale, above 0, for the whole tensor"
                )


@cache
def _operand_fields(kind: type[Operation]) -> dict[str, OperandRole]:
    fields: dict[str, OperandRole] = {}
    for name, field in kind.model_fields.items():
        for mark in field.metadata:
            if isinstance(mark, OperandRole):
                fields[name] = mark
    return fields


def require_dtype(tensors: Sequence[Tensor], index: int, allowed: Sequence[DType], role: str) -> DType:
    """The dtype of tensor `index`, if it is one of `allowed`; `InvalidGraph` names its `role` if not."""
    tensor = tensors[index]
    if tensor.dtype not in allowed:
        names = ", ".join(str(dtype) for dtype in allowed)
        raise InvalidGraph(f"{role} tensor {index} {tensor.name!r} is {tensor.dtype}, not one of: {names}")
    return tensor.dtype


def require_same_dtype(tensors: Sequence[Tensor], indices: Sequence[int]) -> None:
    """`InvalidGraph` unless the tensors at `indices` have the same element type."""
    first = tensors[indices[0]]
    for index in indices[1:]:
        if tensors[index].dtype is not first.dtype:
            raise InvalidGraph(
                f"tensor {index} {tensors[index].name!r} is {tensors[index].dtype}, but tensor {indices[0]} "
                f"{first.name!r} is {first.dtype}"
            )


def require_rank(tensors: Sequence[Tensor], index: int, rank: int, role: str) -> Shape:
    """The shape of tensor `index`, if it has `rank` dimensions; `InvalidGraph` names its `role` if not."""
    shape = tensors[index].shape
    if len(shape) != rank:
        raise InvalidGraph(
            f"{role} tensor {index} {tensors[index].name!r} has shape {list(shape)}, not {rank} dimensions"
        )
    return shape


def require_axis(axis: int, rank: int) -> int:
    """`axis`, if a tensor of `rank` dimensions has it; `InvalidGraph` if not. Axes count from 0."""
    if not 0 <= axis < rank:
        raise InvalidGraph(f"axis {axis} is outside of a tensor of {rank} dimensions")
    return axis
