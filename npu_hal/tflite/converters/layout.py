"""CONCATENATION, SPLIT, RESHAPE and TRANSPOSE."""

import math

from npu_hal.api import Concatenation, InvalidGraph, Reshape, Shape, Split, Transpose
from npu_hal.tflite.converters.operands import Operands


def convert_concatenation(operands: Operands) -> Concatenation:
    """Inputs: one or more."""
    inputs = operands.all_inputs()
    return Concatenation(
        concatenated=inputs,
        output=operands.only_output(),
        axis=operands.axis(operands.integer("axis"), operands.tensor(inputs[0]).rank),
        activation=operands.activation(),
    )


def convert_split(operands: Operands) -> Split:
    """Inputs: axis, input."""
    axis_tensor, x = operands.required_inputs(2)
    count = operands.integer("num_splits", len(operands.view.outputs))
    axis = operands.constant_integer(axis_tensor, "axis")
    return Split(input=x, parts=operands.all_outputs(count), axis=operands.axis(axis, operands.tensor(x).rank))


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


def convert_transpose(operands: Operands) -> Transpose:
    """Inputs: input, permutation."""
    x, permutation = operands.required_inputs(2)
    rank = operands.tensor(x).rank
    axes = operands.constant_integers(permutation, "permutation")
    return Transpose(
        input=x, output=operands.only_output(), permutation=tuple(operands.axis(axis, rank) for axis in axes)
    )
