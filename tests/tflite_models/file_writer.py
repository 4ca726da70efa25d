"""Writes the parts of a .tflite file as they are given, right or wrong."""

from collections.abc import Mapping, Sequence
from typing import Any

import flatbuffers
import numpy as np
import tflite

from .file_parts import FileOperator, FileSubgraph, FileTensor

FILE_IDENTIFIER = b"TFL3"


def write_file(
    tensors: Sequence[FileTensor],
    operators: Sequence[FileOperator],
    inputs: Sequence[int],
    outputs: Sequence[int],
    *,
    name: str = "main",
    description: str = "",
    signature: Mapping[str, Mapping[str, int]] | None = None,
    metadata: Mapping[str, bytes] | None = None,
    contents_at: int | None = None,
    more_subgraphs: Sequence[FileSubgraph] = (),
) -> bytes:
    """A .tflite file of one subgraph with these parts, as they are, and `more_subgraphs` after it.

    `signature` has "inputs" and "outputs", each a mapping of names to tensor indices. With `contents_at`, constants
    are not in the flatbuffer but behind it, from that offset of the file.
    """
    builder = flatbuffers.Builder(1024)
    buffers: list[bytes] = [b""]
    subgraphs = [FileSubgraph(tensors, operators, inputs, outputs, name), *more_subgraphs]
    kinds = {_kind(operator) for subgraph in subgraphs for operator in subgraph.operators}
    codes = sorted(kinds)
    subgraph_offsets = [_subgraph(builder, subgraph, codes, buffers) for subgraph in subgraphs]
    code_offsets = [_operator_code(builder, *code) for code in codes]
    metadata_offsets = []
    for key, value in (metadata or {}).items():
        metadata_offsets.append(_metadata(builder, key, len(buffers)))
        buffers.append(value)
    if contents_at is None:
        buffer_offsets = [_buffer(builder, data) for data in buffers]
    else:
        starts = [contents_at + sum(map(len, buffers[:index])) for index in range(len(buffers))]
        buffer_offsets = [_external_buffer(builder, *place) for place in zip(starts, buffers, strict=True)]
    signature_offsets = [] if signature is None else [_signature(builder, signature)]

    text = builder.CreateString(description)
    code_vector = offset_vector(builder, code_offsets)
    subgraph_vector = offset_vector(builder, subgraph_offsets)
    buffer_vector = offset_vector(builder, buffer_offsets)
    metadata_vector = offset_vector(builder, metadata_offsets)
    signature_vector = offset_vector(builder, signature_offsets)
    tflite.ModelStart(builder)
    tflite.ModelAddVersion(builder, 3)
    tflite.ModelAddOperatorCodes(builder, code_vector)
    tflite.ModelAddSubgraphs(builder, subgraph_vector)
    tflite.ModelAddDescription(builder, text)
    tflite.ModelAddBuffers(builder, buffer_vector)
    if metadata:
        tflite.ModelAddMetadata(builder, metadata_vector)
    if signature is not None:
        tflite.ModelAddSignatureDefs(builder, signature_vector)
    builder.Finish(tflite.ModelEnd(builder), FILE_IDENTIFIER)
    flatbuffer = bytes(builder.Output())
    return flatbuffer if contents_at is None else flatbuffer.ljust(contents_at, b"\0") + b"".join(buffers)


def offset_vector(builder: Any, offsets: Sequence[int]) -> int:
    """Write a vector of references to what was written before, the same one several times if you like."""
    builder.StartVector(4, len(offsets), 4)
    for offset in reversed(offsets):
        builder.PrependUOffsetTRelative(offset)
    return int(builder.EndVector())


def _vector(builder: Any, values: Sequence[Any], dtype: Any) -> int:
    return int(builder.CreateNumpyVector(np.asarray(values, dtype).reshape(-1)))


def _tensor(builder: Any, tensor: FileTensor, buffer: int) -> int:
    name = builder.CreateString(tensor.name)
    shape = None if tensor.shape is None else _vector(builder, tensor.shape, np.int32)
    signature = None if tensor.shape_signature is None else _vector(builder, tensor.shape_signature, np.int32)
    quantization = _quantization(builder, tensor)
    tflite.TensorStart(builder)
    if shape is not None:
        tflite.TensorAddShape(builder, shape)
    if signature is not None:
        tflite.TensorAddShapeSignature(builder, signature)
    tflite.TensorAddType(builder, tensor.type)
    tflite.TensorAddBuffer(builder, buffer)
    tflite.TensorAddName(builder, name)
    if quantization is not None:
        tflite.TensorAddQuantization(builder, quantization)
    tflite.TensorAddIsVariable(builder, tensor.is_variable)
    tflite.TensorAddHasRank(builder, tensor.shape is not None)
    return int(tflite.TensorEnd(builder))


def _quantization(builder: Any, tensor: FileTensor) -> int | None:
    if tensor.scales is None and tensor.zero_points is None:
        return None
    scales = None if tensor.scales is None else _vector(builder, tensor.scales, np.float32)
    zero_points = None if tensor.zero_points is None else _vector(builder, tensor.zero_points, np.int64)
    tflite.QuantizationParametersStart(builder)
    if scales is not None:
        tflite.QuantizationParametersAddScale(builder, scales)
    if zero_points is not None:
        tflite.QuantizationParametersAddZeroPoint(builder, zero_points)
    tflite.QuantizationParametersAddQuantizedDimension(builder, tensor.axis)
    return int(tflite.QuantizationParametersEnd(builder))


def _operator(builder: Any, operator: FileOperator, code_index: int) -> int:
    options = None if operator.options_name is None else _options(builder, operator.options_name, operator.options)
    inputs = _vector(builder, operator.inputs, np.int32)
    outputs = _vector(builder, operator.outputs, np.int32)
    intermediates = _vector(builder, operator.intermediates, np.int32)
    custom = builder.CreateByteVector(operator.custom_options) if operator.custom_options else None
    tflite.OperatorStart(builder)
    tflite.OperatorAddOpcodeIndex(builder, code_index)
    tflite.OperatorAddInputs(builder, inputs)
    tflite.OperatorAddOutputs(builder, outputs)
    if options is not None:
        tflite.OperatorAddBuiltinOptionsType(builder, getattr(tflite.BuiltinOptions, str(operator.options_name)))
        tflite.OperatorAddBuiltinOptions(builder, options)
    if operator.intermediates:
        tflite.OperatorAddIntermediates(builder, intermediates)
    if custom is not None:
        tflite.OperatorAddCustomOptions(builder, custom)
    return int(tflite.OperatorEnd(builder))


def _options(builder: Any, name: str, options: Mapping[str, Any]) -> int:
    values = {
        key: _vector(builder, value, np.int32)
        if isinstance(value, tuple)
        else builder.CreateString(value)
        if isinstance(value, str)
        else value
        for key, value in options.items()
    }
    getattr(tflite, f"{name}Start")(builder)
    for key, value in values.items():
        getattr(tflite, f"{name}Add{key}")(builder, value)
    return int(getattr(tflite, f"{name}End")(builder))


def _operator_code(builder: Any, code: int, custom_name: str, version: int) -> int:
    name = builder.CreateString(custom_name) if custom_name else None
    tflite.OperatorCodeStart(builder)
    # Codes above 127 do not fit the deprecated field, which then holds PLACEHOLDER_FOR_GREATER_OP_CODES.
    tflite.OperatorCodeAddDeprecatedBuiltinCode(builder, min(code, 127))
    tflite.OperatorCodeAddBuiltinCode(builder, code)
    tflite.OperatorCodeAddVersion(builder, version)
    if name is not None:
        tflite.OperatorCodeAddCustomCode(builder, name)
    return int(tflite.OperatorCodeEnd(builder))


def _kind(operator: FileOperator) -> tuple[int, str, int]:
    return operator.code, operator.custom_name or "", operator.version


def _subgraph(builder: Any, subgraph: FileSubgraph, codes: Sequence[tuple[int, str, int]], buffers: list[bytes]) -> int:
    """Write a subgraph; contents of its constants are appended to `buffers`."""
    tensors = []
    for tensor in subgraph.tensors:
        tensors.append(_tensor(builder, tensor, 0 if tensor.data is None else len(buffers)))
        if tensor.data is not None:
            buffers.append(tensor.data)
    operators = [_operator(builder, operator, codes.index(_kind(operator))) for operator in subgraph.operators]
    label = builder.CreateString(subgraph.name)
    tensor_vector = offset_vector(builder, tensors)
    operator_vector = offset_vector(builder, operators)
    input_vector = _vector(builder, subgraph.inputs, np.int32)
    output_vector = _vector(builder, subgraph.outputs, np.int32)
    tflite.SubGraphStart(builder)
    tflite.SubGraphAddTensors(builder, tensor_vector)
    tflite.SubGraphAddInputs(builder, input_vector)
    tflite.SubGraphAddOutputs(builder, output_vector)
    tflite.SubGraphAddOperators(builder, operator_vector)
    tflite.SubGraphAddName(builder, label)
    return int(tflite.SubGraphEnd(builder))


def _buffer(builder: Any, data: bytes) -> int:
    vector = None
    if data:
        # TensorFlow Lite reads constants in place: the schema forces 16-byte alignment.
        builder.StartVector(1, len(data), 16)
        builder.head -= len(data)
        builder.Bytes[builder.head : builder.head + len(data)] = data
        vector = int(builder.EndVector())
    tflite.BufferStart(builder)
    if vector is not None:
        tflite.BufferAddData(builder, vector)
    return int(tflite.BufferEnd(builder))


def _external_buffer(builder: Any, start: int, data: bytes) -> int:
    tflite.BufferStart(builder)
    if data:
        tflite.BufferAddOffset(builder, start)
        tflite.BufferAddSize(builder, len(data))
    return int(tflite.BufferEnd(builder))


def _metadata(builder: Any, name: str, buffer: int) -> int:
    label = builder.CreateString(name)
    tflite.MetadataStart(builder)
    tflite.MetadataAddName(builder, label)
    tflite.MetadataAddBuffer(builder, buffer)
    return int(tflite.MetadataEnd(builder))


def _signature(builder: Any, signature: Mapping[str, Mapping[str, int]]) -> int:
    maps = {
        role: offset_vector(builder, [_tensor_map(builder, name, index) for name, index in signature[role].items()])
        for role in ("inputs", "outputs")
    }
    key = builder.CreateString("serving_default")
    tflite.SignatureDefStart(builder)
    tflite.SignatureDefAddInputs(builder, maps["inputs"])
    tflite.SignatureDefAddOutputs(builder, maps["outputs"])
    tflite.SignatureDefAddSignatureKey(builder, key)
    tflite.SignatureDefAddSubgraphIndex(builder, 0)
    return int(tflite.SignatureDefEnd(builder))


def _tensor_map(builder: Any, name: str, index: int) -> int:
    label = builder.CreateString(name)
    tflite.TensorMapStart(builder)
    tflite.TensorMapAddName(builder, label)
    tflite.TensorMapAddTensorIndex(builder, index)
    return int(tflite.TensorMapEnd(builder))
