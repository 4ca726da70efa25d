"""AVERAGE_POOL_2D, MAX_POOL_2D and L2_POOL_2D."""

from collections.abc import Callable

from npu_hal.api import AveragePool2D, L2Pool2D, MaxPool2D
from npu_hal.tflite.converters.operands import Operands

Pool2D = AveragePool2D | MaxPool2D | L2Pool2D


def pool_2d(operation: Callable[..., Pool2D]) -> Callable[[Operands], Pool2D]:
    """The converter of a pooling operator."""

    def convert(operands: Operands) -> Pool2D:
        return operation(
            **operands.input_and_output(),
            filter_height=operands.integer("filter_height"),
            filter_width=operands.integer("filter_width"),
            stride_height=operands.integer("stride_h"),
            stride_width=operands.integer("stride_w"),
            padding=operands.padding(),
            activation=operands.activation(),
        )

    return convert
