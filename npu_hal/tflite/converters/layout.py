"""CONCATENATION, SPLIT, PAD, RESHAPE, TRANSPOSE and the resizing of images."""

import math
from collections.abc import Callable

from npu_hal.api import (
    Concatenation,
    InvalidGraph,
    MirrorPad,
    Pad,
    PadV2,
    Reshape,
    ResizeBilinear,
    ResizeNearestNeighbor,
    Shape,
    Split,
    Transpose,
)
from npu_hal.tflite.converters.operands import Operands

Resize = ResizeBilinear | ResizeNearestNeighbor


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


def convert_pad(operands: Operands) -> Pad:
    """Inputs: input, paddings of shape [rank, 2]."""
    x, paddings = operands.required_inputs(2)
    return Pad(input=x, output=operands.only_output(), paddings=_paddings(operands, x, paddings))


def convert_pad_v2(operands: Operands) -> PadV2:
    """Inputs: input, paddings of shape [rank, 2], value."""
    x, paddings, value = operands.required_inputs(3)
    return PadV2(input=x, value=value, output=operands.only_output(), paddings=_paddings(operands, x, paddings))


def convert_mirror_pad(operands: Operands) -> MirrorPad:
    """Inputs: input, paddings of shape [rank, 2]. Modes: 0 reflects without the border element, 1 with it."""
    x, paddings = operands.required_inputs(2)
    mode = operands.integer("mode")
    if mode not in (0, 1):
        raise InvalidGraph(f"{operands.name} has the unknown mode {mode}")
    return MirrorPad(
        input=x,
        output=operands.only_output(),
        paddings=_paddings(operands, x, paddings),
        symmetric=bool(mode),
    )


def _paddings(operands: Operands, x: int, paddings: int) -> tuple[tuple[int, int], ...]:
    return operands.constant_pairs(paddings, "paddings", operands.tensor(x).rank)


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


def resize(operation: Callable[..., Resize]) -> Callable[[Operands], Resize]:
    """The converter of a resizing operator. Inputs: input, size [height, width]."""

    def convert(operands: Operands) -> Resize:
        x, size = operands.required_inputs(2)
        extents = operands.constant_integers(size, "size")
        if len(extents) != 2:
            raise InvalidGraph(f"the size of {operands.name} has {len(extents)} elements, not height and width")
        return operation(
            input=x,
            output=operands.only_output(),
            height=extents[0],
            width=extents[1],
            align_corners=operands.flag("align_corners"),
            half_pixel_centers=operands.flag("half_pixel_centers"),
        )

    return convert
