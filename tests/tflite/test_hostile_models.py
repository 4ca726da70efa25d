"""Files that are well-formed and mean harm: huge claims, shared parts, and operators put together at random."""

import struct
import time
from typing import Any

import flatbuffers
import pytest
import tflite
from hypothesis import given, settings
from hypothesis import strategies as st

from npu_hal.api import InvalidModel
from npu_hal.tflite import read_model
from npu_hal.tflite.converters import CONVERTERS
from npu_hal.tflite.option_tables import OPTION_TABLES, OptionField, Vectors

from ..tflite_models import FILE_IDENTIFIER, FileOperator, FileSubgraph, FileTensor, offset_vector, write_file
from .test_mutations import MAX_SECONDS, outcome
from .test_option_tables import camel_case

FLOAT32, INT32 = tflite.TensorType.FLOAT32, tflite.TensorType.INT32

VARIABLES = ("VAR_HANDLE", "READ_VARIABLE", "ASSIGN_VARIABLE", "CALL_ONCE")
DIMENSIONS = st.one_of(st.integers(0, 8), st.sampled_from([-(2**31), -1, 1 << 16, 2**31 - 1]))
SHAPES = st.none() | st.lists(DIMENSIONS, max_size=6)
TYPES = st.sampled_from([FLOAT32, INT32, tflite.TensorType.UINT8, tflite.TensorType.INT8, tflite.TensorType.INT64])
INTEGERS = st.one_of(st.integers(-4, 8), st.sampled_from([-(2**31), 2**31 - 1]))


@st.composite
def file_tensors(draw: st.DrawFn) -> FileTensor:
    shape = draw(SHAPES)
    kind = draw(TYPES)
    data = None
    size = 1
    for length in shape or ():
        size *= length
    if 0 <= size <= 64 and draw(st.booleans()):
        width = {FLOAT32: 4, INT32: 4, tflite.TensorType.INT64: 8}.get(kind, 1)
        data = draw(st.binary(min_size=size * width, max_size=size * width))
    scales = draw(st.none() | st.lists(st.floats(width=32), max_size=4))
    zero_points = draw(st.none() | st.lists(st.integers(-300, 300), max_size=4))
    axis, is_variable = draw(st.integers(-1, 4)), draw(st.integers(0, 4)) == 0
    return FileTensor("t", shape, kind, data, scales, zero_points, axis, is_variable=is_variable)


def option_value(field: OptionField) -> st.SearchStrategy[Any]:
    match field.default:
        case bool():
            return st.booleans()
        case tuple():
            return st.lists(INTEGERS, max_size=4).map(tuple)
        case str():
            return st.sampled_from(["", "a", "b"])
        case float():
            return st.floats(width=32)
    is_byte = not isinstance(field.layout, Vectors) and field.layout.size == 1
    return st.integers(-2, 6) if is_byte else INTEGERS


@st.composite
def file_operators(draw: st.DrawFn, tensors: int) -> FileOperator:
    kind = draw(st.sampled_from([*CONVERTERS, "WHILE", *VARIABLES]))
    row = OPTION_TABLES.get(kind)
    options = {
        camel_case(field.name): draw(option_value(field))
        for field in (row.fields.values() if row else ())
        if draw(st.booleans())
    }
    operands = st.lists(st.integers(-1, tensors - 1), max_size=draw(st.sampled_from([1, 3, 5, 24])))
    builtin, _, custom_name = kind.partition(":")
    return FileOperator(
        getattr(tflite.BuiltinOperator, builtin),
        draw(operands),
        draw(operands),
        row.name if row else None,
        options,
        custom_name=custom_name or None,
        intermediates=draw(operands),
        custom_options=draw(st.binary(max_size=40)) if custom_name else b"",
    )


@st.composite
def files(draw: st.DrawFn) -> bytes:
    tensors = draw(st.lists(file_tensors(), min_size=1, max_size=6))
    operators = draw(st.lists(file_operators(len(tensors)), max_size=3))
    indices = st.lists(st.integers(0, len(tensors) - 1), max_size=3)
    # CALL_ONCE may name it.
    second = FileSubgraph(tensors, draw(st.lists(file_operators(len(tensors)), max_size=2)))
    return write_file(tensors, operators, draw(indices), draw(indices), more_subgraphs=[second])


@settings(max_examples=600)
@given(files())
def test_operators_put_together_at_random(data: bytes) -> None:
    outcome(data)


@settings(max_examples=200)
@given(st.binary(max_size=400))
def test_random_bytes_with_the_right_identifier(data: bytes) -> None:
    outcome(struct.pack("<I", 8) + b"TFL3" + data)


def relu_of(x: FileTensor) -> bytes:
    return write_file(
        [x, FileTensor("y", x.shape, x.type)], [FileOperator(tflite.BuiltinOperator.RELU, [0], [1])], [0], [1]
    )


def test_a_tensor_of_an_exbibyte_is_refused() -> None:
    with pytest.raises(InvalidModel, match="exceeds"):
        read_model(relu_of(FileTensor("x", [1 << 30, 1 << 30], FLOAT32)))


def test_an_empty_tensor_that_no_array_can_hold_is_refused() -> None:
    shape = struct.pack("<4i", 0, 2**31 - 1, 2**31 - 1, 2**31 - 1)
    tensors = [FileTensor("x", [0], FLOAT32), FileTensor("shape", [4], INT32, shape), FileTensor("y", [0], FLOAT32)]
    data = write_file(tensors, [FileOperator(tflite.BuiltinOperator.RESHAPE, [0, 1], [2])], [0], [2])
    with pytest.raises(InvalidModel, match="tensor 2 'y' has the impossible shape"):
        read_model(data)


def test_a_big_tensor_costs_nothing_to_read() -> None:
    graph = read_model(relu_of(FileTensor("x", [1 << 16, 1 << 16], FLOAT32))).graph
    assert graph.output_tensors[0].nbytes == 1 << 34


def test_references_that_share_one_big_part_are_refused() -> None:
    """100,000 entries of metadata that are all the same one, whose name has 100,000 characters."""
    builder: Any = flatbuffers.Builder(1 << 20)
    name = builder.CreateString("n" * 100_000)
    tflite.MetadataStart(builder)
    tflite.MetadataAddName(builder, name)
    entry = tflite.MetadataEnd(builder)
    tflite.SubGraphStart(builder)
    subgraph = tflite.SubGraphEnd(builder)
    vectors = [offset_vector(builder, [subgraph]), offset_vector(builder, [entry] * 100_000)]
    tflite.ModelStart(builder)
    tflite.ModelAddVersion(builder, 3)
    tflite.ModelAddSubgraphs(builder, vectors[0])
    tflite.ModelAddMetadata(builder, vectors[1])
    builder.Finish(tflite.ModelEnd(builder), FILE_IDENTIFIER)
    started = time.process_time()
    with pytest.raises(InvalidModel, match="its parts overlap"):
        read_model(bytes(builder.Output()))
    assert time.process_time() - started < MAX_SECONDS
