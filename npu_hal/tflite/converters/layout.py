"""CONCATENATION, SPLIT and TRANSPOSE."""

from npu_hal.api import Concatenation, Split, Transpose
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


def convert_transpose(operands: Operands) -> Transpose:
    """Inputs: input, permutation."""
    x, permutation = operands.required_inputs(2)
    rank = operands.tensor(x).rank
    axes = operands.constant_integers(permutation, "permutation")
    return Transpose(
        input=x, output=operands.only_output(), permutation=tuple(operands.axis(axis, rank) for axis in axes)
    )
