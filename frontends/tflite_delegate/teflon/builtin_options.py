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

# Enumerations that C numbers from 1: TfLitePadding to the schema's Padding (SAME, VALID), and
# TfLiteMirrorPaddingMode to its MirrorPadMode (REFLECT, SYMMETRIC).
_SCHEMA_NUMBERS = {"padding": {1: 0, 2: 1}, "mode": {1: 0, 2: 1}}
_VERSION_WITH_OFFSET = 8


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


class L2NormalizationOptions(Structure):
    """TfLiteL2NormParams."""

    _fields_ = (("fused_activation_function", c_int),)


class LocalResponseNormalizationOptions(Structure):
    """TfLiteLocalResponseNormParams."""

    _fields_ = (("radius", c_int), ("bias", c_float), ("alpha", c_float), ("beta", c_float))


class LshProjectionOptions(Structure):
    """TfLiteLSHProjectionParams."""

    _fields_ = (("type", c_int),)


class MirrorPadOptions(Structure):
    """TfLiteMirrorPaddingParams."""

    _fields_ = (("mode", c_int),)


class BlockOptions(Structure):
    """TfLiteDepthToSpaceParams and TfLiteSpaceToDepthParams."""

    _fields_ = (("block_size", c_int),)


class GatherOptions(Structure):
    """TfLiteGatherParams."""

    _fields_ = (("axis", c_int), ("batch_dims", c_int))


class SqueezeOptions(Structure):
    """TfLiteSqueezeParams."""

    _fields_ = (("squeeze_dims", c_int * 8), ("squeeze_dims_size", c_int))


class ReducerOptions(Structure):
    """TfLiteReducerParams."""

    _fields_ = (("keep_dims", c_bool),)


class SplitOptions(Structure):
    """TfLiteSplitParams and TfLiteSplitVParams."""

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


class OffsetStridedSliceOptions(Structure):
    """TfLiteStridedSliceParams as runtimes have it that know version 8 of the operator."""

    _fields_ = (*StridedSliceOptions._fields_, ("offset", c_bool))


class ResizeOptions(Structure):
    """TfLiteResizeBilinearParams and TfLiteResizeNearestNeighborParams."""

    _fields_ = (("align_corners", c_bool), ("half_pixel_centers", c_bool))


class PackOptions(Structure):
    """TfLitePackParams."""

    _fields_ = (("values_count", c_int), ("axis", c_int))


class UnpackOptions(Structure):
    """TfLiteUnpackParams."""

    _fields_ = (("num", c_int), ("axis", c_int))


# By BuiltinOperator of the schema. Operators that are not here either have no options or are read without them.
OPTIONS_BY_CODE: Mapping[int, type[Structure]] = MappingProxyType(
    {
        0: SumOptions,  # ADD
        1: PoolingOptions,  # AVERAGE_POOL_2D
        2: ConcatenationOptions,  # CONCATENATION
        3: ConvolutionOptions,  # CONV_2D
        4: DepthwiseConvolutionOptions,  # DEPTHWISE_CONV_2D
        5: BlockOptions,  # DEPTH_TO_SPACE
        9: FullyConnectedOptions,  # FULLY_CONNECTED
        11: L2NormalizationOptions,  # L2_NORMALIZATION
        12: PoolingOptions,  # L2_POOL_2D
        13: LocalResponseNormalizationOptions,  # LOCAL_RESPONSE_NORMALIZATION
        15: LshProjectionOptions,  # LSH_PROJECTION
        17: PoolingOptions,  # MAX_POOL_2D
        18: ProductOptions,  # MUL
        22: ReshapeOptions,  # RESHAPE
        23: ResizeOptions,  # RESIZE_BILINEAR
        25: SoftmaxOptions,  # SOFTMAX
        26: BlockOptions,  # SPACE_TO_DEPTH
        36: GatherOptions,  # GATHER
        40: ReducerOptions,  # MEAN
        41: SumOptions,  # SUB
        42: ProductOptions,  # DIV
        43: SqueezeOptions,  # SQUEEZE
        45: StridedSliceOptions,  # STRIDED_SLICE
        49: SplitOptions,  # SPLIT
        67: TransposedConvolutionOptions,  # TRANSPOSE_CONV
        74: ReducerOptions,  # SUM
        82: ReducerOptions,  # REDUCE_MAX
        83: PackOptions,  # PACK
        88: UnpackOptions,  # UNPACK
        89: ReducerOptions,  # REDUCE_MIN
        97: ResizeOptions,  # RESIZE_NEAREST_NEIGHBOR
        98: LeakyReluOptions,  # LEAKY_RELU
        100: MirrorPadOptions,  # MIRROR_PAD
        102: SplitOptions,  # SPLIT_V
    }
)


def read_options(code: int, version: int, address: int | None) -> dict[str, OptionValue]:
    """The options of an operator of BuiltinOperator `code` whose `builtin_data` is at `address`.

    Empty for operators whose options are not described here, and where the runtime has parsed none.
    """
    structure = OPTIONS_BY_CODE.get(code)
    if structure is StridedSliceOptions and version >= _VERSION_WITH_OFFSET:
        structure = OffsetStridedSliceOptions
    if structure is None or not address:
        return {}
    parsed = structure.from_address(address)
    options: dict[str, OptionValue] = {}
    for field in structure._fields_:
        value = getattr(parsed, field[0])
        options[field[0]] = tuple(value) if isinstance(value, Array) else value
    for name, numbers in _SCHEMA_NUMBERS.items():
        if name in options:
            options[name] = numbers.get(getattr(parsed, name), -1)
    for name in ("new_shape", "squeeze_dims"):
        if name in options:
            count = options.pop(f"{name}_size")
            options[name] = tuple(getattr(parsed, name)[:count])
    return options
