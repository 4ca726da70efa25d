"""The rows of option tables are those of the schema: what its own code writes is read back, field by field."""

from typing import Any

import flatbuffers
import numpy as np
import pytest
import tflite

from npu_hal.api import InvalidGraph, UnsupportedOperation
from npu_hal.tflite.flatbuffer import FlatBuffer, Table
from npu_hal.tflite.operator_view import OptionValue
from npu_hal.tflite.option_tables import OPTION_TABLES, read_options


def camel_case(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))


def write_options(table: str, options: dict[str, OptionValue]) -> Table:
    """An options table that is the root of its file, by the schema's generated code."""
    builder: Any = flatbuffers.Builder(64)
    values = {name: _value(builder, value) for name, value in options.items()}
    getattr(tflite, f"{table}Start")(builder)
    for name, value in values.items():
        getattr(tflite, f"{table}Add{camel_case(name)}")(builder, value)
    builder.Finish(getattr(tflite, f"{table}End")(builder))
    return FlatBuffer(bytes(builder.Output())).root()


def _value(builder: Any, value: OptionValue) -> Any:
    if isinstance(value, tuple):
        return builder.CreateNumpyVector(np.array(value, np.int32))
    return builder.CreateString(value) if isinstance(value, str) else value


def other_value(default: OptionValue, position: int) -> OptionValue:
    """A value that is neither the default nor that of another field."""
    if isinstance(default, bool):
        return not default
    if isinstance(default, tuple):
        return (3, -1, position)
    if isinstance(default, str):
        return f"text {position}"
    return type(default)(position + 2)


@pytest.mark.parametrize("kind", OPTION_TABLES)
def test_fields_written_by_the_schemas_code_are_read_back(kind: str) -> None:
    row = OPTION_TABLES[kind]
    options = {field.name: other_value(field.default, slot) for slot, field in row.fields.items()}
    assert read_options(kind, row.number, write_options(row.name, options)) == options


@pytest.mark.parametrize("kind", OPTION_TABLES)
def test_an_empty_table_has_the_defaults_of_the_schemas_code(kind: str) -> None:
    row = OPTION_TABLES[kind]
    table = write_options(row.name, {})
    assert table.present_slots() == []
    options = read_options(kind, row.number, table)
    # Generated writers leave out exactly what is at its default.
    assert write_options(row.name, {k: v for k, v in options.items() if v not in ((), "")}).present_slots() == []
    assert read_options(kind, 0, None) == options


@pytest.mark.parametrize("kind", OPTION_TABLES)
def test_numbers_are_those_of_the_union(kind: str) -> None:
    row = OPTION_TABLES[kind]
    assert row.number == getattr(tflite.BuiltinOptions, row.name)


def test_kinds_without_a_row_have_no_options() -> None:
    assert read_options("LOGISTIC", 0, None) == {}


def test_the_table_of_another_kind_is_invalid() -> None:
    with pytest.raises(InvalidGraph, match=r"options table 5, its own is 1 \(Conv2DOptions\)"):
        read_options("CONV_2D", 5, write_options("Pool2DOptions", {"padding": 1}))


def test_a_field_of_a_later_schema_is_refused() -> None:
    table = write_options("FullyConnectedOptions", {"quantized_bias_type": 1})
    with pytest.raises(UnsupportedOperation, match="slot 4"):
        read_options("CONCATENATION", OPTION_TABLES["CONCATENATION"].number, table)
