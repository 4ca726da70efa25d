"""RFFT2D."""

from npu_hal.api import InvalidGraph, Rfft2D
from npu_hal.tflite.converters.operands import Operands


def convert_rfft2d(operands: Operands) -> Rfft2D:
    """Inputs: input, transform size [height, width]."""
    x, size = operands.required_inputs(2)
    extents = operands.constant_integers(size, "transform size")
    if len(extents) != 2:
        raise InvalidGraph(f"the size of {operands.name} has {len(extents)} elements, not height and width")
    return Rfft2D(input=x, output=operands.only_output(), fft_height=extents[0], fft_width=extents[1])
