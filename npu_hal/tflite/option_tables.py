"""The options tables of TensorFlow Lite's schema, as data.

A row gives the name of an operator's options table, its number in the union BuiltinOptions, and its fields by slot:
name, layout and default, as in schema.fbs of TensorFlow 2.18.
"""

import struct
from collections.abc import Mapping
from enum import Enum
from typing import Any, NamedTuple

from npu_hal.api import InvalidGraph, UnsupportedOperation
from npu_hal.tflite.flatbuffer import Table
from npu_hal.tflite.operator_view import OptionValue

_ENUM = struct.Struct("<b")
_INT = struct.Struct("<i")
_FLOAT = struct.Struct("<f")
_BOOL = struct.Struct("<?")


class Vectors(Enum):
    """Fields that are vectors: of int32, or of UTF-8 text."""

    INTS = "int32"
    TEXT = "text"


_INTS, _TEXT = Vectors.INTS, Vectors.TEXT


class OptionField(NamedTuple):
    """A field of an options table."""

    name: str
    layout: struct.Struct | Vectors
    default: OptionValue = 0


class OptionTable(NamedTuple):
    """An options table: its number in the union, and its fields by slot."""

    name: str
    number: int
    fields: Mapping[int, OptionField]


def _table(name: str, number: int, *fields: OptionField, first_slot: int = 0) -> OptionTable:
    return OptionTable(name, number, dict(enumerate(fields, first_slot)))


_PADDING = OptionField("padding", _ENUM)
_STRIDES = (OptionField("stride_w", _INT), OptionField("stride_h", _INT))
_DILATIONS = (OptionField("dilation_w_factor", _INT, 1), OptionField("dilation_h_factor", _INT, 1))
_ACTIVATION = OptionField("fused_activation_function", _ENUM)
_POT_SCALE_INT16 = OptionField("pot_scale_int16", _BOOL, True)
_ALIGN_CORNERS = OptionField("align_corners", _BOOL, False)
_HALF_PIXEL_CENTERS = OptionField("half_pixel_centers", _BOOL, False)
_QUANTIZED_BIAS_TYPE = OptionField("quantized_bias_type", _ENUM)

_POOL_2D = _table(
    "Pool2DOptions",
    5,
    _PADDING,
    *_STRIDES,
    OptionField("filter_width", _INT),
    OptionField("filter_height", _INT),
    _ACTIVATION,
)

_REDUCER = _table("ReducerOptions", 27, OptionField("keep_dims", _BOOL, False))
_BLOCK_SIZE = OptionField("block_size", _INT)
_ASYMMETRIC = OptionField("asymmetric_quantize_inputs", _BOOL, False)

OPTION_TABLES: Mapping[str, OptionTable] = {
    "ABS": _table("AbsOptions", 78),
    "ADD": _table("AddOptions", 11, _ACTIVATION, _POT_SCALE_INT16),
    "ARG_MAX": _table("ArgMaxOptions", 40, OptionField("output_type", _ENUM)),
    "ARG_MIN": _table("ArgMinOptions", 57, OptionField("output_type", _ENUM)),
    "AVERAGE_POOL_2D": _POOL_2D,
    "BATCH_TO_SPACE_ND": _table("BatchToSpaceNDOptions", 24),
    "CALL_ONCE": _table("CallOnceOptions", 103, OptionField("init_subgraph_index", _INT)),
    "CAST": _table("CastOptions", 37, OptionField("in_data_type", _ENUM), OptionField("out_data_type", _ENUM)),
    "CONCATENATION": _table("ConcatenationOptions", 10, OptionField("axis", _INT), _ACTIVATION),
    "CONV_2D": _table("Conv2DOptions", 1, _PADDING, *_STRIDES, _ACTIVATION, *_DILATIONS, _QUANTIZED_BIAS_TYPE),
    "DEPTHWISE_CONV_2D": _table(
        "DepthwiseConv2DOptions",
        2,
        _PADDING,
        *_STRIDES,
        OptionField("depth_multiplier", _INT),
        _ACTIVATION,
        *_DILATIONS,
    ),
    "DEPTH_TO_SPACE": _table("DepthToSpaceOptions", 94, _BLOCK_SIZE),
    "DEQUANTIZE": _table("DequantizeOptions", 38),
    "DIV": _table("DivOptions", 29, _ACTIVATION),
    "EXP": _table("ExpOptions", 33),
    "EXPAND_DIMS": _table("ExpandDimsOptions", 52),
    "FLOOR_DIV": _table("FloorDivOptions", 65),
    "FULLY_CONNECTED": _table(
        "FullyConnectedOptions",
        8,
        _ACTIVATION,
        OptionField("weights_format", _ENUM),
        OptionField("keep_num_dims", _BOOL, False),
        _ASYMMETRIC,
        _QUANTIZED_BIAS_TYPE,
    ),
    "GATHER": _table("GatherOptions", 23, OptionField("axis", _INT), OptionField("batch_dims", _INT)),
    "GATHER_ND": _table("GatherNdOptions", 83),
    "HARD_SWISH": _table("HardSwishOptions", 91),
    "L2_NORMALIZATION": _table("L2NormOptions", 12, _ACTIVATION),
    "L2_POOL_2D": _POOL_2D,
    "LEAKY_RELU": _table("LeakyReluOptions", 75, OptionField("alpha", _FLOAT, 0.0)),
    "LOCAL_RESPONSE_NORMALIZATION": _table(
        "LocalResponseNormalizationOptions",
        13,
        OptionField("radius", _INT),
        OptionField("bias", _FLOAT, 0.0),
        OptionField("alpha", _FLOAT, 0.0),
        OptionField("beta", _FLOAT, 0.0),
    ),
    "LOG_SOFTMAX": _table("LogSoftmaxOptions", 36),
    "LSH_PROJECTION": _table("LSHProjectionOptions", 4, OptionField("type", _ENUM)),
    "MAXIMUM": _table("MaximumMinimumOptions", 39),
    "MAX_POOL_2D": _POOL_2D,
    "MEAN": _REDUCER,
    "MINIMUM": _table("MaximumMinimumOptions", 39),
    "MIRROR_PAD": _table("MirrorPadOptions", 77, OptionField("mode", _ENUM)),
    "MUL": _table("MulOptions", 21, _ACTIVATION),
    "NEG": _table("NegOptions", 42),
    "PACK": _table("PackOptions", 59, OptionField("values_count", _INT), OptionField("axis", _INT)),
    "PAD": _table("PadOptions", 22),
    "PADV2": _table("PadV2Options", 43),
    "QUANTIZE": _table("QuantizeOptions", 89),
    "REDUCE_MAX": _REDUCER,
    "REDUCE_MIN": _REDUCER,
    "RESHAPE": _table("ReshapeOptions", 17, OptionField("new_shape", _INTS, ())),
    # The first two slots held a size that became a tensor.
    "RESIZE_BILINEAR": _table("ResizeBilinearOptions", 15, _ALIGN_CORNERS, _HALF_PIXEL_CENTERS, first_slot=2),
    "RESIZE_NEAREST_NEIGHBOR": _table("ResizeNearestNeighborOptions", 74, _ALIGN_CORNERS, _HALF_PIXEL_CENTERS),
    "RFFT2D": _table("Rfft2dOptions", 105),
    "RNN": _table("RNNOptions", 7, _ACTIVATION, _ASYMMETRIC),
    "SHAPE": _table("ShapeOptions", 55, OptionField("out_type", _ENUM)),
    "SLICE": _table("SliceOptions", 48),
    "SOFTMAX": _table("SoftmaxOptions", 9, OptionField("beta", _FLOAT, 0.0)),
    "SPACE_TO_BATCH_ND": _table("SpaceToBatchNDOptions", 25),
    "SPACE_TO_DEPTH": _table("SpaceToDepthOptions", 19, _BLOCK_SIZE),
    "SPLIT": _table("SplitOptions", 35, OptionField("num_splits", _INT)),
    "SPLIT_V": _table("SplitVOptions", 79, OptionField("num_splits", _INT)),
    "SQUARED_DIFFERENCE": _table("SquaredDifferenceOptions", 76),
    "SQUEEZE": _table("SqueezeOptions", 30, OptionField("squeeze_dims", _INTS, ())),
    "STRIDED_SLICE": _table(
        "StridedSliceOptions",
        32,
        OptionField("begin_mask", _INT),
        OptionField("end_mask", _INT),
        OptionField("ellipsis_mask", _INT),
        OptionField("new_axis_mask", _INT),
        OptionField("shrink_axis_mask", _INT),
        OptionField("offset", _BOOL, False),
    ),
    "SUB": _table("SubOptions", 28, _ACTIVATION, _POT_SCALE_INT16),
    "SUM": _REDUCER,
    "SVDF": _table("SVDFOptions", 6, OptionField("rank", _INT), _ACTIVATION, _ASYMMETRIC),
    "TILE": _table("TileOptions", 51),
    "TRANSPOSE": _table("TransposeOptions", 26),
    "TRANSPOSE_CONV": _table("TransposeConvOptions", 49, _PADDING, *_STRIDES, _ACTIVATION, _QUANTIZED_BIAS_TYPE),
    "UNIDIRECTIONAL_SEQUENCE_LSTM": _table(
        "UnidirectionalSequenceLSTMOptions",
        71,
        _ACTIVATION,
        OptionField("cell_clip", _FLOAT, 0.0),
        OptionField("proj_clip", _FLOAT, 0.0),
        OptionField("time_major", _BOOL, False),
        _ASYMMETRIC,
        OptionField("diagonal_recurrent_tensors", _BOOL, False),
    ),
    "UNPACK": _table("UnpackOptions", 64, OptionField("num", _INT), OptionField("axis", _INT)),
    "VAR_HANDLE": _table(
        "VarHandleOptions", 111, OptionField("container", _TEXT, ""), OptionField("shared_name", _TEXT, "")
    ),
}


def read_options(name: str, number: int, table: Table | None) -> dict[str, OptionValue]:
    """The options of an operator of kind `name`, whose options table has `number` in the union.

    Kinds that have no row have no options here. Raises `InvalidGraph` if the table is of another kind;
    `UnsupportedOperation` if it has a field that the row has not, which a later schema must have added: writers leave
    out what is at its default.
    """
    row = OPTION_TABLES.get(name)
    if row is None:
        return {}
    options: dict[str, OptionValue] = {field.name: field.default for field in row.fields.values()}
    if table is None or number == 0 or not row.fields:
        return options
    if number != row.number:
        raise InvalidGraph(f"{name} carries the options table {number}, its own is {row.number} ({row.name})")
    for slot in table.present_slots():
        field = row.fields.get(slot)
        if field is None:
            raise UnsupportedOperation(
                f"{row.name} of {name} has a field in slot {slot}, which npu-hal does not know: the model asks for "
                f"something newer"
            )
        options[field.name] = _read_field(table, slot, field)
    return options


def _read_field(table: Table, slot: int, field: OptionField) -> OptionValue:
    value: Any
    match field.layout:
        case Vectors.INTS:
            value = table.numbers(slot, "<i4")
        case Vectors.TEXT:
            value = table.text(slot)
        case layout:
            value = table.scalar(slot, layout, field.default)
    result: OptionValue = value
    return result
