"""TRANSPOSE_CONV."""

from npu_hal.api import InvalidGraph, TransposeConv
from npu_hal.tflite.converters.convolution import reject_hybrid
from npu_hal.tflite.converters.operands import Operands


def convert_transpose_conv(operands: Operands) -> TransposeConv:
    """Inputs: output shape, filter, input, optional bias."""
    (shape_tensor, weights, x), (bias,) = operands.inputs(3, 1)
    reject_hybrid(operands, x, weights)
    shape = operands.constant_integers(shape_tensor, "output shape")
    if len(shape) != 4:
        raise InvalidGraph(f"the output shape of {operands.name} is {list(shape)}, not one of 4 dimensions")
    operation = TransposeConv(
        input=x,
        filter=weights,
        bias=bias,
        output=operands.only_output(),
        height=shape[1],
        width=shape[2],
        stride_height=operands.integer("stride_h"),
        stride_width=operands.integer("stride_w"),
        padding=operands.padding(),
        activation=operands.activation(),
    )
    (inferred,) = operation.infer_shapes(operands.tensors)
    if inferred != shape:
        raise InvalidGraph(f"the output shape of {operands.name} is {list(shape)}, its operands give {list(inferred)}")
    return operation
