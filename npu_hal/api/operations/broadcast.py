"""Broadcasting of operands' shapes."""

from collections.abc import Sequence

import numpy as np

from npu_hal.api.errors import InvalidGraph
from npu_hal.api.tensor import Shape, Tensor


def broadcast_shape(tensors: Sequence[Tensor], *indices: int) -> Shape:
    """The shape that the tensors at `indices` broadcast to by numpy's rules; `InvalidGraph` if they do not."""
    shapes = [tensors[index].shape for index in indices]
    try:
        return np.broadcast_shapes(*shapes)
    except ValueError:
        listed = " and ".join(str(list(shape)) for shape in shapes)
        raise InvalidGraph(f"shapes {listed} do not broadcast") from None
