"""From a model's operands to a graph's tensors, while operations are lowered one by one."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from npu_hal.api import (
    Activation,
    AnyOperation,
    DType,
    GraphBuilder,
    Quantization,
    Shape,
    Transpose,
    UnsupportedOperation,
)
from npu_hal_nnapi.codes import FuseCode, OperandCode, OperationCode
from npu_hal_nnapi.errors import bad_data
from npu_hal_nnapi.operand import MAX_BYTES, Lifetime, Operand, OperandType

TO_NHWC = (0, 2, 3, 1)
TO_NCHW = (0, 3, 1, 2)

_ACTIVATIONS = {
    FuseCode.NONE: Activation.NONE,
    FuseCode.RELU: Activation.RELU,
    FuseCode.RELU1: Activation.RELU_N1_TO_1,
    FuseCode.RELU6: Activation.RELU6,
}


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation of a model: operands by index."""

    code: OperationCode
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]


class GraphLowering:
    """The graph under construction, and which of its tensors stands for which operand."""

    def __init__(self, operands: Sequence[Operand], types: Mapping[int, OperandType], omitted: frozenset[int]) -> None:
        """`types` are those of operands that are known better than the model says; `omitted` inputs have no value."""
        self.builder = GraphBuilder("nnapi")
        self._operands = operands
        self._types = types
        self._omitted = omitted
        self._tensors: dict[int, int] = {}

    def type_of(self, index: int) -> OperandType:
        """The type of an operand, with the dimensions that this lowering is for."""
        return self._types.get(index, self._operands[index].type)

    def operand(self, index: int) -> Operand:
        """The operand itself."""
        return self._operands[index]

    def is_omitted(self, index: int) -> bool:
        """Whether an optional operand has no value: none was set, or it is a tensor without elements."""
        operand = self._operands[index]
        if operand.lifetime is Lifetime.OMITTED or index in self._omitted:
            return True
        return not operand.type.is_scalar and 0 in self.type_of(index).dimensions

    def add_input(self, index: int) -> None:
        """Make a model's input an input of the graph."""
        kind = self.type_of(index)
        if not kind.is_complete:
            raise UnsupportedOperation(f"input operand {index} has dimensions {list(kind.dimensions)}, not all known")
        self._tensors[index] = self.builder.input(
            f"operand{index}", kind.dimensions, self.dtype_of(index), self.quantization_of(index)
        )

    def tensor(self, index: int) -> int:
        """The graph's tensor that stands for an operand; constants are added when they are first read."""
        if index not in self._tensors:
            operand = self._operands[index]
            if operand.value is None:
                raise bad_data(f"operand {index} is read, but nothing computes it and it has no value")
            self._tensors[index] = self.builder.constant(f"operand{index}", operand.value, self.quantization_of(index))
        return self._tensors[index]

    def declare(self, index: int) -> int:
        """A new tensor for an operand that an operation is about to compute."""
        self._tensors[index] = self.builder.tensor(f"operand{index}", self.dtype_of(index), self.quantization_of(index))
        return self._tensors[index]

    def check_declared(self, index: int) -> None:
        """Check that a computed operand has the dimensions that were declared, as far as they were."""
        shape, declared = self.builder.shape(self.tensor(index)), self.type_of(index).dimensions
        if math.prod(shape) * self.type_of(index).numpy.itemsize > MAX_BYTES:
            raise bad_data(f"operand {index} gets dimensions {list(shape)}, whose size does not fit 32 bits")
        fits = len(shape) == len(declared) and all(b in (0, a) for a, b in zip(shape, declared, strict=True))
        if declared and not fits:
            raise bad_data(f"operand {index} is declared with dimensions {list(declared)}, but gets {list(shape)}")

    def dtype_of(self, index: int) -> DType:
        """The element type of an operand; UnsupportedOperation if graphs have no tensors of it."""
        kind = self.type_of(index)
        dtype = kind.dtype
        if dtype is None:
            raise UnsupportedOperation(f"operand {index} is of type {kind.code.name}, which no driver computes with")
        return dtype

    def quantization_of(self, index: int) -> Quantization | None:
        """The quantisation of an operand, None if it has none."""
        kind, operand = self.type_of(index), self._operands[index]
        if kind.code is OperandCode.TENSOR_QUANT8_SYMM_PER_CHANNEL:
            if operand.channel_dimension is None:
                raise bad_data(f"operand {index} is quantised per channel, but has no scales")
            return Quantization.per_axis(operand.channel_scales, operand.channel_dimension)
        if kind.scale > 0:
            return Quantization.per_tensor(float(np.float32(kind.scale)), kind.zero_point)
        return None


class OperationContext:
    """One operation being lowered: its arguments by position, and the graph that it is added to."""

    def __init__(self, graph: GraphLowering, operation: Operation) -> None:
        self.graph = graph
        self.operation = operation

    @property
    def count(self) -> int:
        """The number of arguments."""
        return len(self.operation.inputs)

    def type(self, position: int) -> OperandType:
        """The type of an argument."""
        return self.graph.type_of(self.operation.inputs[position])

    def tensor(self, position: int) -> int:
        """The tensor of an argument."""
        return self.graph.tensor(self.operation.inputs[position])

    def optional_tensor(self, position: int) -> int | None:
        """The tensor of an argument, None if it is omitted."""
        if position >= self.count or self.graph.is_omitted(self.operation.inputs[position]):
            return None
        return self.tensor(position)

    def shape(self, position: int) -> Shape:
        """The shape of a tensor argument."""
        return self.graph.builder.shape(self.tensor(position))

    def shape_of_rank(self, position: int, rank: int) -> Shape:
        """The shape of a tensor argument that must have `rank` dimensions."""
        shape = self.shape(position)
        if len(shape) != rank:
            raise bad_data(
                f"argument {position} of {self.operation.code.name} has shape {list(shape)}, not {rank} dimensions"
            )
        return shape

    def integer(self, position: int) -> int:
        """The value of an integer, which must be a constant."""
        return int(self._scalar(position, OperandCode.INT32, OperandCode.UINT32))

    def number(self, position: int) -> float:
        """The value of a floating point number, which must be a constant and finite."""
        value = float(self._scalar(position, OperandCode.FLOAT32, OperandCode.FLOAT16))
        if not math.isfinite(value):
            raise bad_data(f"argument {position} of {self.operation.code.name} is {value}")
        return value

    def boolean(self, position: int) -> bool:
        """The value of a boolean, or of an integer that stands for one, which must be a constant."""
        return bool(self._scalar(position, OperandCode.BOOL, OperandCode.INT32))

    def _scalar(self, position: int, *codes: OperandCode) -> Any:
        operand = self.graph.operand(self.operation.inputs[position])
        if operand.type.code not in codes:
            raise bad_data(
                f"argument {position} of {self.operation.code.name} is of type {operand.type.code.name}, "
                f"not {codes[0].name}"
            )
        return operand.scalar()

    def has(self, position: int) -> bool:
        """Whether an argument is there and has a value."""
        return position < self.count and not self.graph.is_omitted(self.operation.inputs[position])

    def flag(self, position: int) -> bool:
        """The value of an optional boolean argument, false if it is not there."""
        return self.has(position) and bool(self._scalar(position, OperandCode.BOOL))

    def is_constant(self, position: int) -> bool:
        """Whether an argument is a constant."""
        return self.graph.operand(self.operation.inputs[position]).value is not None

    def constants(self, position: int) -> NDArray[Any]:
        """The values of a tensor argument that must be a constant."""
        value = self.graph.operand(self.operation.inputs[position]).value
        if value is None:
            raise UnsupportedOperation(
                f"argument {position} of {self.operation.code.name} is computed; it must be a constant"
            )
        return value

    def integers(self, position: int) -> tuple[int, ...]:
        """The values of an integer tensor argument, which must be a constant."""
        if self.type(position).code is not OperandCode.TENSOR_INT32:
            raise bad_data(f"argument {position} of {self.operation.code.name} is no tensor of integers")
        return tuple(int(value) for value in self.constants(position).reshape(-1))

    def activation(self, position: int) -> Activation:
        """The fused activation that a scalar argument names."""
        try:
            return _ACTIVATIONS[FuseCode(self.integer(position))]
        except ValueError:
            raise bad_data(f"{self.integer(position)} is no fused activation") from None

    def axis(self, position: int, rank: int) -> int:
        """An axis that a scalar argument names, counted from 0."""
        axis = self.integer(position)
        if not -rank <= axis < rank:
            raise bad_data(f"axis {axis} is outside of a tensor of {rank} dimensions")
        return axis % rank

    def result(self, position: int = 0) -> int:
        """A new tensor for an output of the operation."""
        return self.graph.declare(self.operation.outputs[position])

    def temporary(self, dtype: DType, quantization: Quantization | None) -> int:
        """A new tensor that stands for no operand."""
        return self.graph.builder.tensor("temporary", dtype, quantization)

    def append(self, operation: AnyOperation) -> None:
        """Add an operation to the graph."""
        self.graph.builder.append(operation)

    def transposed(self, tensor: int, permutation: tuple[int, ...], like: int, channels_first: bool = True) -> int:
        """`tensor` permuted if `channels_first`, else itself; `like` is the argument whose element type it has."""
        if not channels_first:
            return tensor
        index = self.operation.inputs[like]
        moved = self.temporary(self.graph.dtype_of(index), self.graph.quantization_of(index))
        self.append(Transpose(input=tensor, output=moved, permutation=permutation))
        return moved

    def image(self, position: int, channels_first: bool) -> int:
        """The tensor of an argument in NHWC."""
        return self.transposed(self.tensor(position), TO_NHWC, position, channels_first)

    def image_result(self, channels_first: bool) -> "ImageResult":
        """Where an operation over NHWC writes its output, which is then permuted if `channels_first`."""
        return ImageResult(self, channels_first)


class ImageResult:
    """The NHWC output of an operation whose operand may be NCHW."""

    def __init__(self, context: OperationContext, channels_first: bool) -> None:
        self._context = context
        self._channels_first = channels_first
        output = context.operation.outputs[0]
        if channels_first:
            graph = context.graph
            self.tensor = context.temporary(graph.dtype_of(output), graph.quantization_of(output))
        else:
            self.tensor = context.result()

    def finish(self) -> None:
        """Call after the operation was added."""
        if self._channels_first:
            self._context.append(Transpose(input=self.tensor, output=self._context.result(), permutation=TO_NCHW))
