"""The options that the runtime has parsed for an operator, under their names in TensorFlow Lite's schema.

An operator's `builtin_data` points to a C structure (``tensorflow/lite/core/c/builtin_op_data.h``), which is described
here with the schema's field names (``schema.fbs``). Runtimes have only ever appended fields, so the prefix below is
safe to read in every version. Padding is numbered otherwise in C than in the schema and is translated; fused
activations are numbered alike.
"""

from collections.abc import Mapping
from ctypes import Array, Structure, c_bool, c_float, c_int
from types import MappingProxyType

OptionValue = int | float | bool | tuple[int, ...]

# TfLitePadding to the schema's Padding: SAME, VALID.
_SCHEMA_PADDING = {1: 0, 2: 1}


class ConvolutionOptions(Structure):
    """TfLiteConvParams."""

    _fields_ = (
        ("padding", c_int),
        ("stride_w", c_int),
        ("stride_h", c_int),
        ("fused_activation_function", c_int),
        ("dilation_w_factor", c_int),
        ("dilation_h_factor", c_int),
    )


class DepthwiseConvolutionOptions(Structure):
    """TfLiteDepthwiseConvParams."""

    _fields_ = (
        ("padding", c_int),
        ("stride_w", c_int),
        ("stride_h", c_int),
        ("depth_multiplier", c_int),
        ("fused_activation_function", c_int),
        ("dilation_w_factor", c_int),
        ("dilation_h_factor", c_int),
    )


class TransposedConvolutionOptions(Structure):
    """TfLiteTransposeConvParams."""

    _fields_ = (
        ("padding", c_int),
        ("stride_w", c_int),
        ("stride_h", c_int),
        ("fused_activation_function", c_int),
    )


class PoolingOptions(Structure):
    """TfLitePoolParams without what the runtime computes into it."""

    _fields_ = (
        ("padding", c_int),
        ("stride_w", c_int),
        ("stride_h", c_int),
        ("filter_width", c_int),
        ("filter_height", c_int),
        ("fused_activation_function", c_int),
    )


class FullyConnectedOptions(Structure):
    """TfLiteFullyConnectedParams."""

    _fields_ = (
        ("fused_activation_function", c_int),
        ("weights_format", c_int),
        ("keep_num_dims", c_bool),
        ("asymmetric_quantize_inputs", c_bool),
    )


class SumOptions(Structure):
    """TfLiteAddParams and TfLiteSubParams."""

    _fields_ = (("fused_activation_function", c_int), ("pot_scale_int16", c_bool))


class ProductOptions(Structure):
    """TfLiteMulParams and TfLiteDivParams."""

    _fields_ = (("fused_activation_function", c_int),)


class ConcatenationOptions(Structure):
    """TfLiteConcatenationParams."""

    _fields_ = (("axis", c_int), ("fused_activation_function", c_int))


class SoftmaxOptions(Structure):
    """TfLiteSoftmaxParams."""

    _fields_ = (("beta", c_float),)


class LeakyReluOptions(Structure):
    """TfLiteLeakyReluParams."""

    _fields_ = (("alpha", c_float),)


class ReducerOptions(Structure):
    """TfLiteReducerParams."""

    _fields_ = (("keep_dims", c_bool),)


class SplitOptions(Structure):
    """TfLiteSplitParams."""

    _fields_ = (("num_splits", c_int),)


class ReshapeOptions(Structure):
    """TfLiteReshapeParams."""

    _fields_ = (("new_shape", c_int * 8), ("new_shape_size", c_int))


class StridedSliceOptions(Structure):
    """TfLiteStridedSliceParams."""

    _fields_ = (
        ("begin_mask", c_int),
        ("end_mask", c_int),
        ("ellipsis_mask", c_int),
        ("new_axis_mask", c_int),
        ("shrink_axis_mask", c_int),
    )


class ResizeOptions(Structure):
    """TfLiteResizeBilinearParams and TfLiteResizeNearestNeighborParams."""

    _fields_ = (("align_corners", c_bool), ("half_pixel_centers", c_bool))


class PackOptions(Structure):
    """TfLitePackParams."""

    _fields_ = (("values_count", c_int), ("axis", c_int))


# By BuiltinOperator of the schema. Operators that are not here either have no options or are read without them.
OPTIONS_BY_CODE: Mapping[int, type[Structure]] = MappingProxyType(
    {
        0: SumOptions,  # ADD
        1: PoolingOptions,  # AVERAGE_POOL_2D
        2: ConcatenationOptions,  # CONCATENATION
        3: ConvolutionOptions,  # CONV_2D
        4: DepthwiseConvolutionOptions,  # DEPTHWISE_CONV_2D
        9: FullyConnectedOptions,  # FULLY_CONNECTED
        17: PoolingOptions,  # MAX_POOL_2D
        18: ProductOptions,  # MUL
        22: ReshapeOptions,  # RESHAPE
        23: ResizeOptions,  # RESIZE_BILINEAR
        25: SoftmaxOptions,  # SOFTMAX
        40: ReducerOptions,  # MEAN
        41: SumOptions,  # SUB
        42: ProductOptions,  # DIV
        45: StridedSliceOptions,  # STRIDED_SLICE
        49: SplitOptions,  # SPLIT
        67: TransposedConvolutionOptions,  # TRANSPOSE_CONV
        74: ReducerOptions,  # SUM
        82: ReducerOptions,  # REDUCE_MAX
        83: PackOptions,  # PACK
        97: ResizeOptions,  # RESIZE_NEAREST_NEIGHBOR
        98: LeakyReluOptions,  # LEAKY_RELU
    }
)


def read_options(code: int, address: int | None) -> dict[str, OptionValue]:
    """The options of an operator of BuiltinOperator `code` whose `builtin_data` is at `address`.

    Empty for operators whose options are not described here, and where the runtime has parsed none.
    """
    structure = OPTIONS_BY_CODE.get(code)
    if structure is None or not address:
        return {}
    parsed = structure.from_address(address)
    options: dict[str, OptionValue] = {}
    for field in structure._fields_:
        value = getattr(parsed, field[0])
        options[field[0]] = tuple(value) if isinstance(value, Array) else value
    if "padding" in options:
        options["padding"] = _SCHEMA_PADDING.get(parsed.padding, -1)
    if "new_shape" in options:
        options["new_shape"] = tuple(parsed.new_shape[: options.pop("new_shape_size")])
    return options
