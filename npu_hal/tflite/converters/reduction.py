"""MEAN."""

from npu_hal.api import Mean
from npu_hal.tflite.converters.operands import Operands


def convert_mean(operands: Operands) -> Mean:
    """Inputs: input, axes."""
    x, axes = operands.required_inputs(2)
    rank = operands.tensor(x).rank
    reduced = {operands.axis(axis, rank) for axis in operands.constant_integers(axes, "axes")}
    return Mean(
        input=x, output=operands.only_output(), axes=tuple(sorted(reduced)), keep_dims=operands.flag("keep_dims")
    )
