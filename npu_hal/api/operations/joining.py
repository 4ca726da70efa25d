"""Tensors joined along an axis, and a tensor split along one."""

from collections.abc import Sequence
from typing import Literal

from npu_hal.api.errors import InvalidGraph
from npu_hal.api.movement import Movement
from npu_hal.api.operation import (
    Activation,
    Input,
    Inputs,
    NonNegative,
    Output,
    Outputs,
    require_axis,
)
from npu_hal.api.tensor import Shape, Tensor


class Concatenation(Movement):
    """The inputs one after the other along `axis`.

    8-bit inputs whose quantisation differs from the output's are requantised.
    """

    kind: Literal["CONCATENATION"] = "CONCATENATION"
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


class Split(Movement):
    """Equal parts of the input along `axis`."""

    kind: Literal["SPLIT"] = "SPLIT"
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


class SplitV(Movement):
    """Parts of the given sizes along `axis`."""

    kind: Literal["SPLIT_V"] = "SPLIT_V"
    input: Input
    parts: Outputs
    sizes: tuple[NonNegative, ...]
    axis: NonNegative

    def infer_shapes(self, tensors: Sequence[Tensor]) -> tuple[Shape, ...]:
        """The input's shape, with each size along `axis`."""
        shape = tensors[self.input].shape
        axis = require_axis(self.axis, len(shape))
        if len(self.sizes) != len(self.parts) or sum(self.sizes) != shape[axis]:
            raise InvalidGraph(f"sizes {list(self.sizes)} do not divide axis {axis} of {list(shape)}")
        return tuple((*shape[:axis], size, *shape[axis + 1 :]) for size in self.sizes)
