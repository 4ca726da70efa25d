"""The closed set of typed operations, discriminated by `kind`."""

from typing import Annotated

from pydantic import Field

from npu_hal.api.operations.convolution import Conv2D, DepthwiseConv2D, FullyConnected
from npu_hal.api.operations.elementwise import (
    Add,
    Dequantize,
    Logistic,
    Mul,
    Quantize,
    Relu,
    Relu6,
    Softmax,
    Sub,
    Tanh,
)
from npu_hal.api.operations.layout import (
    Concatenation,
    Pad,
    Reshape,
    ResizeBilinear,
    ResizeNearestNeighbor,
    Split,
    Transpose,
)
from npu_hal.api.operations.pooling import AveragePool2D, MaxPool2D
from npu_hal.api.operations.reduction import Mean

AnyOperation = Annotated[
    Conv2D
    | DepthwiseConv2D
    | FullyConnected
    | Add
    | Sub
    | Mul
    | AveragePool2D
    | MaxPool2D
    | Mean
    | Concatenation
    | Split
    | Pad
    | Reshape
    | Softmax
    | Logistic
    | Tanh
    | Relu
    | Relu6
    | Quantize
    | Dequantize
    | Transpose
    | ResizeBilinear
    | ResizeNearestNeighbor,
    Field(discriminator="kind"),
]

__all__ = [
    "Add",
    "AnyOperation",
    "AveragePool2D",
    "Concatenation",
    "Conv2D",
    "DepthwiseConv2D",
    "Dequantize",
    "FullyConnected",
    "Logistic",
    "MaxPool2D",
    "Mean",
    "Mul",
    "Pad",
    "Quantize",
    "Relu",
    "Relu6",
    "Reshape",
    "ResizeBilinear",
    "ResizeNearestNeighbor",
    "Softmax",
    "Split",
    "Sub",
    "Tanh",
    "Transpose",
]
