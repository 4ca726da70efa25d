"""Which definition belongs to which kind of operation."""

from collections.abc import Mapping
from types import MappingProxyType

from npu_hal_software.reference.activation import compile_relu, compile_smooth_activation, elu_refusal, relu_refusal
from npu_hal_software.reference.arithmetic import arithmetic_refusal, compile_arithmetic
from npu_hal_software.reference.convolution import compile_conv_2d, compile_depthwise_conv_2d, convolution_refusal
from npu_hal_software.reference.detection import compile_detection_post_process
from npu_hal_software.reference.division import compile_div, compile_floor_div, div_refusal
from npu_hal_software.reference.elementary import compile_cast, compile_function, function_refusal
from npu_hal_software.reference.extremum import compile_arg_extremum, compile_extremum, compile_reduce_extremum
from npu_hal_software.reference.fully_connected import compile_fully_connected, fully_connected_refusal
from npu_hal_software.reference.hard_swish import compile_hard_swish, hard_swish_refusal
from npu_hal_software.reference.hashtable_lookup import compile_hashtable_lookup
from npu_hal_software.reference.kernel import Definition
from npu_hal_software.reference.layout import (
    compile_concatenation,
    compile_pad,
    compile_reshape,
    compile_split,
    compile_transpose,
    concatenation_refusal,
)
from npu_hal_software.reference.leaky_activation import (
    compile_leaky_relu,
    compile_prelu,
    leaky_relu_refusal,
    prelu_refusal,
)
from npu_hal_software.reference.log_softmax import compile_log_softmax, log_softmax_refusal
from npu_hal_software.reference.lookup import compile_embedding_lookup, compile_gather, compile_gather_nd
from npu_hal_software.reference.lsh_projection import compile_lsh_projection
from npu_hal_software.reference.lstm import compile_lstm, lstm_refusal
from npu_hal_software.reference.mean import compile_mean, mean_refusal
from npu_hal_software.reference.normalization import (
    compile_l2_normalization,
    compile_local_response_normalization,
    l2_normalization_refusal,
)
from npu_hal_software.reference.pooling import (
    compile_average_pool_2d,
    compile_l2_pool_2d,
    compile_max_pool_2d,
    pool_refusal,
)
from npu_hal_software.reference.recurrent import compile_rnn, compile_svdf, svdf_refusal
from npu_hal_software.reference.requantization import compile_dequantize, compile_quantize, quantize_refusal
from npu_hal_software.reference.resize import compile_resize_bilinear, compile_resize_nearest_neighbor
from npu_hal_software.reference.signal import compile_rfft2d
from npu_hal_software.reference.slicing import (
    compile_batch_to_space_nd,
    compile_depth_to_space,
    compile_mirror_pad,
    compile_pack,
    compile_pad_v2,
    compile_same_elements,
    compile_shape,
    compile_slice,
    compile_space_to_batch_nd,
    compile_space_to_depth,
    compile_split_v,
    compile_strided_slice,
    compile_tile,
    compile_unpack,
)
from npu_hal_software.reference.softmax import compile_softmax, softmax_refusal
from npu_hal_software.reference.squared_difference import compile_squared_difference, squared_difference_refusal
from npu_hal_software.reference.sum import compile_sum
from npu_hal_software.reference.transpose_convolution import compile_transpose_conv, transpose_conv_refusal

DEFINITIONS: Mapping[str, Definition] = MappingProxyType(
    {
        "ABS": Definition(compile_function, function_refusal),
        "ADD": Definition(compile_arithmetic, arithmetic_refusal),
        "ARG_MAX": Definition(compile_arg_extremum),
        "ARG_MIN": Definition(compile_arg_extremum),
        "AVERAGE_POOL_2D": Definition(compile_average_pool_2d, pool_refusal),
        "BATCH_TO_SPACE_ND": Definition(compile_batch_to_space_nd),
        "CAST": Definition(compile_cast),
        "COMPLEX_ABS": Definition(compile_function),
        "CONCATENATION": Definition(compile_concatenation, concatenation_refusal),
        "CONV_2D": Definition(compile_conv_2d, convolution_refusal),
        "DEPTHWISE_CONV_2D": Definition(compile_depthwise_conv_2d, convolution_refusal),
        "DEPTH_TO_SPACE": Definition(compile_depth_to_space),
        "DEQUANTIZE": Definition(compile_dequantize),
        "DIV": Definition(compile_div, div_refusal),
        "ELU": Definition(compile_smooth_activation, elu_refusal),
        "EMBEDDING_LOOKUP": Definition(compile_embedding_lookup),
        "EXP": Definition(compile_function, function_refusal),
        "EXPAND_DIMS": Definition(compile_same_elements),
        "FLOOR": Definition(compile_function, function_refusal),
        "FLOOR_DIV": Definition(compile_floor_div),
        "FULLY_CONNECTED": Definition(compile_fully_connected, fully_connected_refusal),
        "GATHER": Definition(compile_gather),
        "GATHER_ND": Definition(compile_gather_nd),
        "HARD_SWISH": Definition(compile_hard_swish, hard_swish_refusal),
        "HASHTABLE_LOOKUP": Definition(compile_hashtable_lookup),
        "L2_NORMALIZATION": Definition(compile_l2_normalization, l2_normalization_refusal),
        "L2_POOL_2D": Definition(compile_l2_pool_2d, pool_refusal),
        "LEAKY_RELU": Definition(compile_leaky_relu, leaky_relu_refusal),
        "LOCAL_RESPONSE_NORMALIZATION": Definition(compile_local_response_normalization),
        "LOG": Definition(compile_function, function_refusal),
        "LOGISTIC": Definition(compile_smooth_activation),
        "LOG_SOFTMAX": Definition(compile_log_softmax, log_softmax_refusal),
        "LSH_PROJECTION": Definition(compile_lsh_projection),
        "MAXIMUM": Definition(compile_extremum),
        "MAX_POOL_2D": Definition(compile_max_pool_2d, pool_refusal),
        "MEAN": Definition(compile_mean, mean_refusal),
        "MINIMUM": Definition(compile_extremum),
        "MIRROR_PAD": Definition(compile_mirror_pad),
        "MUL": Definition(compile_arithmetic, arithmetic_refusal),
        "NEG": Definition(compile_function, function_refusal),
        "PACK": Definition(compile_pack),
        "PAD": Definition(compile_pad),
        "PADV2": Definition(compile_pad_v2),
        "PRELU": Definition(compile_prelu, prelu_refusal),
        "QUANTIZE": Definition(compile_quantize, quantize_refusal),
        "REDUCE_MAX": Definition(compile_reduce_extremum),
        "REDUCE_MIN": Definition(compile_reduce_extremum),
        "RELU": Definition(compile_relu, relu_refusal),
        "RELU6": Definition(compile_relu, relu_refusal),
        "RELU_N1_TO_1": Definition(compile_relu, relu_refusal),
        "RESHAPE": Definition(compile_reshape),
        "RESIZE_BILINEAR": Definition(compile_resize_bilinear),
        "RESIZE_NEAREST_NEIGHBOR": Definition(compile_resize_nearest_neighbor),
        "RFFT2D": Definition(compile_rfft2d),
        "RNN": Definition(compile_rnn),
        "RSQRT": Definition(compile_function, function_refusal),
        "SHAPE": Definition(compile_shape),
        "SLICE": Definition(compile_slice),
        "SOFTMAX": Definition(compile_softmax, softmax_refusal),
        "SPACE_TO_BATCH_ND": Definition(compile_space_to_batch_nd),
        "SPACE_TO_DEPTH": Definition(compile_space_to_depth),
        "SPLIT": Definition(compile_split),
        "SPLIT_V": Definition(compile_split_v),
        "SQRT": Definition(compile_function, function_refusal),
        "SQUARED_DIFFERENCE": Definition(compile_squared_difference, squared_difference_refusal),
        "SQUEEZE": Definition(compile_same_elements),
        "STRIDED_SLICE": Definition(compile_strided_slice),
        "SUB": Definition(compile_arithmetic, arithmetic_refusal),
        "SUM": Definition(compile_sum),
        "SVDF": Definition(compile_svdf, svdf_refusal),
        "TANH": Definition(compile_smooth_activation),
        "TFLITE_DETECTION_POSTPROCESS": Definition(compile_detection_post_process),
        "TILE": Definition(compile_tile),
        "TRANSPOSE": Definition(compile_transpose),
        "TRANSPOSE_CONV": Definition(compile_transpose_conv, transpose_conv_refusal),
        "UNIDIRECTIONAL_SEQUENCE_LSTM": Definition(compile_lstm, lstm_refusal),
        "UNPACK": Definition(compile_unpack),
    }
)
