"""Which definition belongs to which kind of operation.

The definitions of all kinds are many modules, and most graphs need few of them: each is imported when an operation of
its kind is first met.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module

from npu_hal_software.reference.kernel import Definition, nothing_to_refuse


@dataclass(frozen=True, slots=True)
class Location:
    """Where a definition is: a module of this package, and the names in it of `Definition.compile` and `refusal`."""

    module: str
    compile: str
    refusal: str | None = None


DEFINITIONS: Mapping[str, Location] = {
    "ABS": Location("elementary", "compile_function", "function_refusal"),
    "ADD": Location("arithmetic", "compile_arithmetic", "arithmetic_refusal"),
    "ARG_MAX": Location("extremum", "compile_arg_extremum"),
    "ARG_MIN": Location("extremum", "compile_arg_extremum"),
    "AVERAGE_POOL_2D": Location("pooling", "compile_average_pool_2d", "pool_refusal"),
    "BATCH_TO_SPACE_ND": Location("slicing", "compile_batch_to_space_nd"),
    "CAST": Location("elementary", "compile_cast"),
    "COMPLEX_ABS": Location("elementary", "compile_function"),
    "CONCATENATION": Location("layout", "compile_concatenation", "concatenation_refusal"),
    "CONV_2D": Location("convolution", "compile_conv_2d", "convolution_refusal"),
    "DEPTHWISE_CONV_2D": Location("convolution", "compile_depthwise_conv_2d", "convolution_refusal"),
    "DEPTH_TO_SPACE": Location("slicing", "compile_depth_to_space"),
    "DEQUANTIZE": Location("requantization", "compile_dequantize"),
    "DIV": Location("division", "compile_div", "div_refusal"),
    "ELU": Location("activation", "compile_smooth_activation", "elu_refusal"),
    "EMBEDDING_LOOKUP": Location("lookup", "compile_embedding_lookup"),
    "EXP": Location("elementary", "compile_function", "function_refusal"),
    "EXPAND_DIMS": Location("reshape", "compile_reshape"),
    "FLOOR": Location("elementary", "compile_function", "function_refusal"),
    "FLOOR_DIV": Location("division", "compile_floor_div"),
    "FULLY_CONNECTED": Location("fully_connected", "compile_fully_connected", "fully_connected_refusal"),
    "GATHER": Location("lookup", "compile_gather"),
    "GATHER_ND": Location("lookup", "compile_gather_nd"),
    "HARD_SWISH": Location("hard_swish", "compile_hard_swish", "hard_swish_refusal"),
    "HASHTABLE_LOOKUP": Location("hashtable_lookup", "compile_hashtable_lookup"),
    "L2_NORMALIZATION": Location("normalization", "compile_l2_normalization", "l2_normalization_refusal"),
    "L2_POOL_2D": Location("pooling", "compile_l2_pool_2d", "pool_refusal"),
    "LEAKY_RELU": Location("leaky_activation", "compile_leaky_relu", "leaky_relu_refusal"),
    "LOCAL_RESPONSE_NORMALIZATION": Location("normalization", "compile_local_response_normalization"),
    "LOG": Location("elementary", "compile_function", "function_refusal"),
    "LOGISTIC": Location("activation", "compile_smooth_activation"),
    "LOG_SOFTMAX": Location("log_softmax", "compile_log_softmax", "log_softmax_refusal"),
    "LSH_PROJECTION": Location("lsh_projection", "compile_lsh_projection"),
    "MAXIMUM": Location("extremum", "compile_extremum"),
    "MAX_POOL_2D": Location("pooling", "compile_max_pool_2d", "pool_refusal"),
    "MEAN": Location("mean", "compile_mean", "mean_refusal"),
    "MINIMUM": Location("extremum", "compile_extremum"),
    "MIRROR_PAD": Location("slicing", "compile_mirror_pad"),
    "MUL": Location("arithmetic", "compile_arithmetic", "arithmetic_refusal"),
    "NEG": Location("elementary", "compile_function", "function_refusal"),
    "PACK": Location("slicing", "compile_pack"),
    "PAD": Location("layout", "compile_pad"),
    "PADV2": Location("slicing", "compile_pad_v2"),
    "PRELU": Location("leaky_activation", "compile_prelu", "prelu_refusal"),
    "QUANTIZE": Location("requantization", "compile_quantize", "quantize_refusal"),
    "REDUCE_MAX": Location("extremum", "compile_reduce_extremum"),
    "REDUCE_MIN": Location("extremum", "compile_reduce_extremum"),
    "RELU": Location("activation", "compile_relu", "relu_refusal"),
    "RELU6": Location("activation", "compile_relu", "relu_refusal"),
    "RELU_N1_TO_1": Location("activation", "compile_relu", "relu_refusal"),
    "RESHAPE": Location("reshape", "compile_reshape"),
    "RESIZE_BILINEAR": Location("resize", "compile_resize_bilinear"),
    "RESIZE_NEAREST_NEIGHBOR": Location("resize", "compile_resize_nearest_neighbor"),
    "RFFT2D": Location("signal", "compile_rfft2d"),
    "RNN": Location("recurrent", "compile_rnn"),
    "RSQRT": Location("elementary", "compile_function", "function_refusal"),
    "SHAPE": Location("slicing", "compile_shape"),
    "SLICE": Location("slicing", "compile_slice"),
    "SOFTMAX": Location("softmax", "compile_softmax", "softmax_refusal"),
    "SPACE_TO_BATCH_ND": Location("slicing", "compile_space_to_batch_nd"),
    "SPACE_TO_DEPTH": Location("slicing", "compile_space_to_depth"),
    "SPLIT": Location("layout", "compile_split"),
    "SPLIT_V": Location("slicing", "compile_split_v"),
    "SQRT": Location("elementary", "compile_function", "function_refusal"),
    "SQUARED_DIFFERENCE": Location("squared_difference", "compile_squared_difference", "squared_difference_refusal"),
    "SQUEEZE": Location("reshape", "compile_reshape"),
    "STRIDED_SLICE": Location("slicing", "compile_strided_slice"),
    "SUB": Location("arithmetic", "compile_arithmetic", "arithmetic_refusal"),
    "SUM": Location("sum", "compile_sum"),
    "SVDF": Location("recurrent", "compile_svdf", "svdf_refusal"),
    "TANH": Location("activation", "compile_smooth_activation"),
    "TFLITE_DETECTION_POSTPROCESS": Location("detection", "compile_detection_post_process"),
    "TILE": Location("slicing", "compile_tile"),
    "TRANSPOSE": Location("layout", "compile_transpose"),
    "TRANSPOSE_CONV": Location("transpose_convolution", "compile_transpose_conv", "transpose_conv_refusal"),
    "UNIDIRECTIONAL_SEQUENCE_LSTM": Location("lstm", "compile_lstm", "lstm_refusal"),
    "UNPACK": Location("slicing", "compile_unpack"),
}


@cache
def find_definition(kind: str) -> Definition | None:
    """The definition of operations of that kind; None if there is none."""
    location = DEFINITIONS.get(kind)
    if location is None:
        return None
    module = import_module(f"{__package__}.{location.module}")
    refusal = nothing_to_refuse if location.refusal is None else getattr(module, location.refusal)
    return Definition(getattr(module, location.compile), refusal)
