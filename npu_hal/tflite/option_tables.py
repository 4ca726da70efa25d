"""The options tables of TensorFlow Lite's schema, as data.

A row gives the name of an operator's options table, its number in the union BuiltinOptions, and its fields by slot:
name, layout and default, as in schema.fbs of TensorFlow 2.18.
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from npu_hal.api import InvalidGraph, UnsupportedOperation
from npu_hal.tflite.flatbuffer import Table
from npu_hal.tflite.operator_view import OptionValue

_ENUM = struct.Struct("<b")
_INT = struct.Struct("<i")
_FLOAT = struct.Struct("<f")
_BOOL = struct.Struct("<?")
# A vector of int32.
_INTS = None


@dataclass(frozen=True, slots=True)
class OptionField:
    """A field of an options table: `layout` None is a vector of int32."""

    name: str
    layout: struct.Struct | None
    default: OptionValue = 0


@dataclass(frozen=True, slots=True)
class OptionTable:
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

OPTION_TABLES: Mapping[str, OptionTable] = {
    "ADD": _table("AddOptions", 11, _ACTIVATION, _POT_SCALE_INT16),
    "AVERAGE_POOL_2D": _POOL_2D,
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
    "DEQUANTIZE": _table("DequantizeOptions", 38),
    "FULLY_CONNECTED": _table(
        "FullyConnectedOptions",
        8,
        _ACTIVATION,
        OptionField("weights_format", _ENUM),
        OptionField("keep_num_dims", _BOOL, False),
        OptionField("asymmetric_quantize_inputs", _BOOL, False),
        _QUANTIZED_BIAS_TYPE,
    ),
    "MAX_POOL_2D": _POOL_2D,
    "MEAN": _table("ReducerOptions", 27, OptionField("keep_dims", _BOOL, False)),
    "MUL": _table("MulOptions", 21, _ACTIVATION),
    "PAD": _table("PadOptions", 22),
    "QUANTIZE": _table("QuantizeOptions", 89),
    "RESHAPE": _table("ReshapeOptions", 17, OptionField("new_shape", _INTS, ())),
    # The first two slots held a size that became a tensor.
    "RESIZE_BILINEAR": _table("ResizeBilinearOptions", 15, _ALIGN_CORNERS, _HALF_PIXEL_CENTERS, first_slot=2),
    "RESIZE_NEAREST_NEIGHBOR": _table("ResizeNearestNeighborOptions", 74, _ALIGN_CORNERS, _HALF_PIXEL_CENTERS),
    "SOFTMAX": _table("SoftmaxOptions", 9, OptionField("beta", _FLOAT, 0.0)),
    "SPLIT": _table("SplitOptions", 35, OptionField("num_splits", _INT)),
    "SUB": _table("SubOptions", 28, _ACTIVATION, _POT_SCALE_INT16),
    "TRANSPOSE": _table("TransposeOptions", 26),
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
    if field.layout is None:
        value = table.numbers(slot, "<i4")
    else:
        value = table.scalar(slot, field.layout, field.default)
    result: OptionValue = value
    return result
