"""The same elements in another shape."""

import math
from collections.abc import Sequence
from typing import Literal

from npu_hal.api.errors import InvalidGraph
from npu_hal.api.movement import UnaryMovement
from npu_hal.api.operation import NonNegative
from npu_hal.api.tensor import Shape, Tensor


class Reshape(UnaryMovement):
    """The same elements in the same order, in another shape. `shape` is the whole new shape, without a -1."""

    kind: Literal["RESHAPE"] = "RESHAPE"
    shape: tuple[NonNegative, ...]

    def infer_shapes(self, tensors: Sequence[Tensor]) -> tuple[Shape, ...]:
        """`shape`, which has as many elements as the input."""
        tensor = tensors[self.input]
        if math.prod(self.shape) != tensor.size:
            raise InvalidGraph(f"{list(tensor.shape)} has not as many elements as {list(self.shape)}")
        return (self.shape,)
