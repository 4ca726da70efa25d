"""Axes permuted and repeated."""

from collections.abc import Sequence
from typing import Literal

from npu_hal.api.errors import InvalidGraph
from npu_hal.api.movement import UnaryMovement
from npu_hal.api.operation import NonNegative
from npu_hal.api.tensor import Shape, Tensor


class Transpose(UnaryMovement):
    """Axis i of the output is axis ``permutation[i]`` of the input."""

    kind: Literal["TRANSPOSE"] = "TRANSPOSE"
    permutation: tuple[NonNegative, ...]

    def infer_shapes(self, tensors: Sequence[Tensor]) -> tuple[Shape, ...]:
        """The input's sizes, permuted."""
        shape = tensors[self.input].shape
        if sorted(self.permutation) != list(range(len(shape))):
            raise InvalidGraph(f"{list(self.permutation)} is no permutation of the axes of {list(shape)}")
        return (tuple(shape[axis] for axis in self.permutation),)


class Tile(UnaryMovement):
    """The input, repeated `multiples` times along each axis."""

    kind: Literal["TILE"] = "TILE"
    multiples: tuple[NonNegative, ...]

    def infer_shapes(self, tensors: Sequence[Tensor]) -> tuple[Shape, ...]:
        """The sizes times the multiples."""
        shape = tensors[self.input].shape
        if len(self.multiples) != len(shape):
            raise InvalidGraph(f"{len(self.multiples)} multiples do not fit the shape {list(shape)}")
        return (tuple(size * times for size, times in zip(shape, self.multiples, strict=True)),)
