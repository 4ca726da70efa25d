"""A converter for each kind of operator that the driver interface can express.

To support another kind: write its converter in the file of its family, and give it a row here and one in
`npu_hal.tflite.option_tables` if it has options.
"""

from collections.abc import Callable, Mapping

from npu_hal.api import (
    Add,
    AnyOperation,
    AveragePool2D,
    Dequantize,
    Logistic,
    MaxPool2D,
    Mul,
    Quantize,
    Relu,
    Relu6,
    ResizeBilinear,
    ResizeNearestNeighbor,
    Sub,
    Tanh,
)
from npu_hal.tflite.converters.convolution import convert_conv_2d, convert_depthwise_conv_2d, convert_fully_connected
from npu_hal.tflite.converters.elementwise import binary, convert_softmax, unary
from npu_hal.tflite.converters.layout import (
    convert_concatenation,
    convert_pad,
    convert_reshape,
    convert_split,
    convert_transpose,
    resize,
)
from npu_hal.tflite.converters.operands import Operands
from npu_hal.tflite.converters.pooling import pool_2d
from npu_hal.tflite.converters.reduction import convert_mean

Converter = Callable[[Operands], AnyOperation]

CONVERTERS: Mapping[str, Converter] = {
    "ADD": binary(Add),
    "AVERAGE_POOL_2D": pool_2d(AveragePool2D),
    "CONCATENATION": convert_concatenation,
    "CONV_2D": convert_conv_2d,
    "DEPTHWISE_CONV_2D": convert_depthwise_conv_2d,
    "DEQUANTIZE": unary(Dequantize),
    "FULLY_CONNECTED": convert_fully_connected,
    "LOGISTIC": unary(Logistic),
    "MAX_POOL_2D": pool_2d(MaxPool2D),
    "MEAN": convert_mean,
    "MUL": binary(Mul),
    "PAD": convert_pad,
    "QUANTIZE": unary(Quantize),
    "RELU": unary(Relu),
    "RELU6": unary(Relu6),
    "RESHAPE": convert_reshape,
    "RESIZE_BILINEAR": resize(ResizeBilinear),
    "RESIZE_NEAREST_NEIGHBOR": resize(ResizeNearestNeighbor),
    "SOFTMAX": convert_softmax,
    "SPLIT": convert_split,
    "SUB": binary(Sub),
    "TANH": unary(Tanh),
    "TRANSPOSE": convert_transpose,
}
