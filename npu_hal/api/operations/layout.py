"""Operations that move values without computing any."""

from collections.abc import Sequence
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from npu_hal.api.errors import InvalidGraph
from npu_hal.api.operation import (
    Activation,
    Input,
    Inputs,
    NonNegative,
    Operation,
    Output,
    Outputs,
    require_axis,
    require_same_dtype,
)
from npu_hal.api.operations.reshape import Movement
from npu_hal.api.tensor import Shape, Tensor


class Concatenation(Operation):
    """The inputs one after the other along `axis`.

    8-bit inputs whose quantisation differs from the output's are requantised.
    """

    kind: Literal["CONCATENATION"] = "CONCATENATION"
    needs_quantization: ClassVar[bool] = False
    concatenated: Inputs
    output: Output
    axis: NonNegative
    activation: Activation = Activation.NONE

    def infer_shapes(self, tensors: Sequence[Tensor]) -> tuple[Shape, ...]:
        """The first input's shape, with the sum of the sizes along `axis`."""
        shapes = [tensors[index].shape for index in self.concatenated]
        axis = require_axis(self.axis, len(shapes[0]))
        for shape in shapes[1:]:
            if len(shape) != len(shapes[0]) or any(
                ours != theirs
                for position, (ours, theirs) in enumerate(zip(shape, shapes[0], strict=True))
                if position != axis
            ):
                raise InvalidGraph(
                    f"shapes {list(shapes[0])} and {list(shape)} differ elsewhere than along axis {axis}"
                )
        size = sum(shape[axis] for shape in shapes)
        return ((*shapes[0][:axis], size, *shapes[0][axis + 1 :]),)

    def check_types(self, tensors: Sequence[Tensor]) -> None:
        """Any one type."""
        require_same_dtype(tensors, (*self.concatenated, self.output))


class Split(Operation):
    """Equal parts of the input along `axis`."""

    kind: Literal["SPLIT"] = "SPLIT"
    needs_quantization: ClassVar[bool] = False
    input: Input
    parts: Outputs
    axis: NonNegative

    def infer_shapes(self, tensors: Sequence[Tensor]) -> tuple[Shape, ...]:
        """The input's shape, with its size along `axis` divided by the number of parts."""
        shape = tensors[self.input].shape
        axis = require_axis(self.axis, len(shape))
        if shape[axis] % len(self.parts):
            raise InvalidGraph(f"{shape[axis]} elements along axis {axis} do not split in {len(self.parts)} parts")
        part = (*shape[:axis], shape[axis] // len(self.parts), *shape[axis + 1 :])
        return (part,) * len(self.parts)

    def check_types(self, tensors: Sequence[Tensor]) -> None:
        """Any one type."""
        require_same_dtype(tensors, (self.input, *self.parts))


class Pad(Movement):
    """Elements before and after along each axis: the zero point of an 8-bit output, else 0."""

    kind: Literal["PAD"] = "PAD"
    paddings: tuple[tuple[Annotated[int, Field(ge=0)], Annotated[int, Field(ge=0)]], ...]

    def infer_shapes(self, tensors: Sequence[Tensor]) -> tuple[Shape, ...]:
        """The input's shape plus the padding."""
        shape = tensors[self.input].shape
        if len(self.paddings) != len(shape):
            raise InvalidGraph(f"{len(self.paddings)} pairs of paddings do not fit the shape {list(shape)}")
        return (tuple(before + size + after for size, (before, after) in zip(shape, self.paddings, strict=True)),)


class Transpose(Movement):
    """Axis i of the output is axis ``permutation[i]`` of the input."""

    kind: Literal["TRANSPOSE"] = "TRANSPOSE"
    permutation: tuple[NonNegative, ...]

    def infer_shapes(self, tensors: Sequence[Tensor]) -> tuple[Shape, ...]:
        """The input's sizes, permuted."""
        shape = tensors[self.input].shape
        if sorted(self.permutation) != list(range(len(shape))):
            raise InvalidGraph(f"{list(self.permutation)} is no permutation of the axes of {list(shape)}")
        return (tuple(shape[axis] for axis in self.permutation),)
