"""A converter for each kind of operator that the driver interface can express.

To support another kind: write its converter in the file of its family, and give it a row here and one in
`npu_hal.tflite.option_tables` if it has options. A converter is imported when an operator of its kind is first met.
"""

from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

from npu_hal.api import operations
from npu_hal.tflite.converters.operands import Operands

if TYPE_CHECKING:
    from npu_hal.api import AnyOperation

Converter = Callable[[Operands], "AnyOperation"]


class Location(NamedTuple):
    """Where a converter is: a function of a module, or what that function makes for a class of operations."""

    module: str
    function: str
    operation: str | None = None


CONVERTERS: Mapping[str, Location] = {
    "ABS": Location("elementwise", "unary", "Abs"),
    "ADD": Location("elementwise", "binary", "Add"),
    "ARG_MAX": Location("reduction", "arg_extremum", "ArgMax"),
    "ARG_MIN": Location("reduction", "arg_extremum", "ArgMin"),
    "AVERAGE_POOL_2D": Location("pooling", "pool_2d", "AveragePool2D"),
    "BATCH_TO_SPACE_ND": Location("blocks", "convert_batch_to_space_nd"),
    "CAST": Location("elementwise", "unary", "Cast"),
    "COMPLEX_ABS": Location("elementwise", "unary", "ComplexAbs"),
    "CONCATENATION": Location("layout", "convert_concatenation"),
    "CONV_2D": Location("convolution", "convert_conv_2d"),
    "CUSTOM:TFLite_Detection_PostProcess": Location("detection", "convert_detection_post_process"),
    "DEPTHWISE_CONV_2D": Location("convolution", "convert_depthwise_conv_2d"),
    "DEPTH_TO_SPACE": Location("blocks", "block_movement", "DepthToSpace"),
    "DEQUANTIZE": Location("elementwise", "unary", "Dequantize"),
    "DIV": Location("elementwise", "binary", "Div"),
    "ELU": Location("elementwise", "unary", "Elu"),
    "EMBEDDING_LOOKUP": Location("lookup", "convert_embedding_lookup"),
    "EXP": Location("elementwise", "unary", "Exp"),
    "EXPAND_DIMS": Location("slicing", "convert_expand_dims"),
    "FLOOR": Location("elementwise", "unary", "Floor"),
    "FLOOR_DIV": Location("elementwise", "plain_binary", "FloorDiv"),
    "FULLY_CONNECTED": Location("convolution", "convert_fully_connected"),
    "GATHER": Location("slicing", "convert_gather"),
    "GATHER_ND": Location("slicing", "convert_gather_nd"),
    "HARD_SWISH": Location("elementwise", "unary", "HardSwish"),
    "HASHTABLE_LOOKUP": Location("lookup", "convert_hashtable_lookup"),
    "L2_NORMALIZATION": Location("normalization", "convert_l2_normalization"),
    "L2_POOL_2D": Location("pooling", "pool_2d", "L2Pool2D"),
    "LEAKY_RELU": Location("activation", "convert_leaky_relu"),
    "LOCAL_RESPONSE_NORMALIZATION": Location("normalization", "convert_local_response_normalization"),
    "LOG": Location("elementwise", "unary", "Log"),
    "LOGISTIC": Location("elementwise", "unary", "Logistic"),
    "LOG_SOFTMAX": Location("elementwise", "unary", "LogSoftmax"),
    "LSH_PROJECTION": Location("lookup", "convert_lsh_projection"),
    "MAXIMUM": Location("elementwise", "plain_binary", "Maximum"),
    "MAX_POOL_2D": Location("pooling", "pool_2d", "MaxPool2D"),
    "MEAN": Location("reduction", "reduction", "Mean"),
    "MINIMUM": Location("elementwise", "plain_binary", "Minimum"),
    "MIRROR_PAD": Location("padding", "convert_mirror_pad"),
    "MUL": Location("elementwise", "binary", "Mul"),
    "NEG": Location("elementwise", "unary", "Neg"),
    "PACK": Location("slicing", "convert_pack"),
    "PAD": Location("padding", "convert_pad"),
    "PADV2": Location("padding", "convert_pad_v2"),
    "PRELU": Location("activation", "convert_prelu"),
    "QUANTIZE": Location("elementwise", "unary", "Quantize"),
    "REDUCE_MAX": Location("reduction", "reduction", "ReduceMax"),
    "REDUCE_MIN": Location("reduction", "reduction", "ReduceMin"),
    "RELU": Location("elementwise", "unary", "Relu"),
    "RELU6": Location("elementwise", "unary", "Relu6"),
    "RELU_N1_TO_1": Location("elementwise", "unary", "ReluN1To1"),
    "RESHAPE": Location("reshape", "convert_reshape"),
    "RESIZE_BILINEAR": Location("resize", "resize", "ResizeBilinear"),
    "RESIZE_NEAREST_NEIGHBOR": Location("resize", "resize", "ResizeNearestNeighbor"),
    "RFFT2D": Location("signal", "convert_rfft2d"),
    "RNN": Location("recurrent", "convert_rnn"),
    "RSQRT": Location("elementwise", "unary", "Rsqrt"),
    "SHAPE": Location("slicing", "convert_shape"),
    "SLICE": Location("slicing", "convert_slice"),
    "SOFTMAX": Location("softmax", "convert_softmax"),
    "SPACE_TO_BATCH_ND": Location("blocks", "convert_space_to_batch_nd"),
    "SPACE_TO_DEPTH": Location("blocks", "block_movement", "SpaceToDepth"),
    "SPLIT": Location("layout", "convert_split"),
    "SPLIT_V": Location("slicing", "convert_split_v"),
    "SQRT": Location("elementwise", "unary", "Sqrt"),
    "SQUARED_DIFFERENCE": Location("elementwise", "plain_binary", "SquaredDifference"),
    "SQUEEZE": Location("slicing", "convert_squeeze"),
    "STRIDED_SLICE": Location("strided_slice", "convert_strided_slice"),
    "SUB": Location("elementwise", "binary", "Sub"),
    "SUM": Location("reduction", "reduction", "Sum"),
    "SVDF": Location("recurrent", "convert_svdf"),
    "TANH": Location("elementwise", "unary", "Tanh"),
    "TILE": Location("slicing", "convert_tile"),
    "TRANSPOSE": Location("layout", "convert_transpose"),
    "TRANSPOSE_CONV": Location("transpose_convolution", "convert_transpose_conv"),
    "UNIDIRECTIONAL_SEQUENCE_LSTM": Location("recurrent", "convert_unidirectional_sequence_lstm"),
    "UNPACK": Location("slicing", "convert_unpack"),
}


@cache
def find_converter(name: str) -> Converter | None:
    """The converter of operators of kind `name`, None if the driver interface cannot express them."""
    location = CONVERTERS.get(name)
    if location is None:
        return None
    function = getattr(import_module(f"{__name__}.{location.module}"), location.function)
    converter: Converter = function if location.operation is None else function(getattr(operations, location.operation))
    return converter
