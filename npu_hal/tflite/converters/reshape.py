"""RESHAPE."""

import math

from npu_hal.api import InvalidGraph, Reshape, Shape
from npu_hal.tflite.converters.operands import Operands


def convert_reshape(operands: Operands) -> Reshape:
    """Inputs: input, optional shape tensor, which overrides the option ``new_shape``; else the output's shape holds."""
    (x,), (shape_tensor,) = operands.inputs(1, 1)
    output = operands.only_output()
    shape = _requested_shape(operands, shape_tensor)
    if shape is None:
        shape = operands.tensor(output).shape
    return Reshape(input=x, output=output, shape=_without_wildcard(operands, shape, operands.tensor(x).size))


def _requested_shape(operands: Operands, shape_tensor: int | None) -> Shape | None:
    if shape_tensor is not None:
        return operands.constant_integers(shape_tensor, "shape")
    option = operands.integers("new_shape")
    if not option:
        return None
    # Old converters wrote [0] for a scalar.
    return () if option == (0,) else option


def _without_wildcard(operands: Operands, shape: Shape, size: int) -> Shape:
    """`shape` with its one -1 replaced by what makes `size` elements."""
    if any(length < -1 for length in shape) or shape.count(-1) > 1:
        raise InvalidGraph(f"{list(shape)} is no shape for {operands.name}: one -1 at most, nothing below")
    if -1 not in shape:
        return shape
    known = math.prod(length for length in shape if length != -1)
    if known == 0 or size % known:
        raise InvalidGraph(f"{size} elements do not fit the shape {list(shape)} of {operands.name}")
    return tuple(size // known if length == -1 else length for length in shape)
