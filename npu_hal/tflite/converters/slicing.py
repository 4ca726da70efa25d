"""Taking parts of tensors, and putting tensors together: SLICE, GATHER, PACK and their kin."""

from npu_hal.api import (
    ExpandDims,
    Gather,
    GatherNd,
    InvalidGraph,
    Pack,
    ShapeOf,
    Slice,
    SplitV,
    Squeeze,
    Tile,
    Unpack,
)
from npu_hal.tflite.converters.operands import Operands


def convert_slice(operands: Operands) -> Slice:
    """Inputs: input, begin, size; a size of -1 is all that is left."""
    x, begin_tensor, size_tensor = operands.required_inputs(3)
    shape = operands.tensor(x).shape
    begin = operands.constant_integers(begin_tensor, "begin")
    sizes = operands.constant_integers(size_tensor, "size")
    if not len(begin) == len(sizes) == len(shape):
        raise InvalidGraph(f"{operands.name} has {len(begin)} begins and {len(sizes)} sizes for {len(shape)} axes")
    return Slice(
        input=x,
        output=operands.only_output(),
        begin=begin,
        sizes=tuple(
            extent - start if size == -1 else size for start, size, extent in zip(begin, sizes, shape, strict=True)
        ),
    )


def convert_gather(operands: Operands) -> Gather:
    """Inputs: input, indices. `batch_dims` may count from the end of the indices' axes."""
    x, indices = operands.required_inputs(2)
    batch_dims = operands.integer("batch_dims")
    return Gather(
        input=x,
        indices=indices,
        output=operands.only_output(),
        axis=operands.axis(operands.integer("axis"), operands.tensor(x).rank),
        batch_dims=batch_dims + operands.tensor(indices).rank if batch_dims < 0 else batch_dims,
    )


def convert_gather_nd(operands: Operands) -> GatherNd:
    """Inputs: input, indices."""
    x, indices = operands.required_inputs(2)
    return GatherNd(input=x, indices=indices, output=operands.only_output())


def convert_pack(operands: Operands) -> Pack:
    """Inputs: one or more."""
    inputs = operands.all_inputs()
    return Pack(
        packed=inputs,
        output=operands.only_output(),
        axis=operands.axis(operands.integer("axis"), operands.tensor(inputs[0]).rank + 1),
    )


def convert_unpack(operands: Operands) -> Unpack:
    """One input, `num` outputs."""
    x = operands.only_input()
    count = operands.integer("num", len(operands.view.outputs))
    return Unpack(
        input=x,
        slices=operands.all_outputs(count),
        axis=operands.axis(operands.integer("axis"), operands.tensor(x).rank),
    )


def convert_split_v(operands: Operands) -> SplitV:
    """Inputs: input, sizes, axis; one size may be -1, which is all that is left."""
    x, size_tensor, axis_tensor = operands.required_inputs(3)
    axis = operands.axis(operands.constant_integer(axis_tensor, "axis"), operands.tensor(x).rank)
    sizes = operands.constant_integers(size_tensor, "sizes", len(operands.view.outputs))
    if sizes.count(-1) > 1:
        raise InvalidGraph(f"{list(sizes)} are no sizes for {operands.name}: one -1 at most")
    rest = operands.tensor(x).shape[axis] - sum(size for size in sizes if size != -1)
    return SplitV(
        input=x,
        parts=operands.all_outputs(operands.integer("num_splits", len(sizes))),
        sizes=tuple(rest if size == -1 else size for size in sizes),
        axis=axis,
    )


def convert_tile(operands: Operands) -> Tile:
    """Inputs: input, multiples."""
    x, multiples = operands.required_inputs(2)
    return Tile(input=x, output=operands.only_output(), multiples=operands.constant_integers(multiples, "multiples"))


def convert_squeeze(operands: Operands) -> Squeeze:
    """All axes of size 1 if `squeeze_dims` names none."""
    x = operands.only_input()
    shape = operands.tensor(x).shape
    axes = {operands.axis(axis, len(shape)) for axis in operands.integers("squeeze_dims")}
    if not axes:
        axes = {axis for axis, size in enumerate(shape) if size == 1}
    return Squeeze(input=x, output=operands.only_output(), axes=tuple(sorted(axes)))


def convert_expand_dims(operands: Operands) -> ExpandDims:
    """Inputs: input, axis."""
    x, axis_tensor = operands.required_inputs(2)
    axis = operands.constant_integer(axis_tensor, "axis")
    return ExpandDims(input=x, output=operands.only_output(), axis=operands.axis(axis, operands.tensor(x).rank + 1))


def convert_shape(operands: Operands) -> ShapeOf:
    """The element type is that of the output."""
    return ShapeOf(input=operands.only_input(), output=operands.only_output())
