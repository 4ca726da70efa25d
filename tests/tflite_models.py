"""Writes npu_hal graphs as .tflite files, so that tests can make models without a converter.

Only the schema's generated flatbuffer code of package `tflite` is used, nothing of the reader under test.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import flatbuffers
import numpy as np
import tflite

from npu_hal.api import (
    Abs,
    Activation,
    Add,
    AnyOperation,
    ArgMax,
    ArgMin,
    AveragePool2D,
    BatchToSpaceNd,
    Cast,
    ComplexAbs,
    Concatenation,
    Conv2D,
    DepthToSpace,
    DepthwiseConv2D,
    Dequantize,
    Div,
    DType,
    Elu,
    EmbeddingLookup,
    Exp,
    ExpandDims,
    Floor,
    FloorDiv,
    FullyConnected,
    Gather,
    GatherNd,
    Graph,
    HardSwish,
    L2Normalization,
    LeakyRelu,
    Log,
    Logistic,
    LogSoftmax,
    Maximum,
    MaxPool2D,
    Mean,
    Minimum,
    MirrorPad,
    Mul,
    Neg,
    Pack,
    Pad,
    Padding,
    Padding2D,
    PadV2,
    Prelu,
    Quantization,
    Quantize,
    ReduceMax,
    ReduceMin,
    Relu,
    Relu6,
    ReluN1To1,
    Reshape,
    ResizeBilinear,
    ResizeNearestNeighbor,
    Rsqrt,
    ShapeOf,
    Slice,
    Softmax,
    SpaceToBatchNd,
    SpaceToDepth,
    Split,
    SplitV,
    Sqrt,
    SquaredDifference,
    Squeeze,
    StridedSlice,
    Sub,
    Sum,
    Tanh,
    Tensor,
    Tile,
    Transpose,
    Unpack,
    resolve_padding,
)

FILE_IDENTIFIER = b"TFL3"

TENSOR_TYPES = {
    DType.BOOL: tflite.TensorType.BOOL,
    DType.UINT8: tflite.TensorType.UINT8,
    DType.INT8: tflite.TensorType.INT8,
    DType.INT16: tflite.TensorType.INT16,
    DType.INT32: tflite.TensorType.INT32,
    DType.INT64: tflite.TensorType.INT64,
    DType.FLOAT32: tflite.TensorType.FLOAT32,
    DType.COMPLEX64: tflite.TensorType.COMPLEX64,
}
ACTIVATIONS = {
    Activation.NONE: tflite.ActivationFunctionType.NONE,
    Activation.RELU: tflite.ActivationFunctionType.RELU,
    Activation.RELU_N1_TO_1: tflite.ActivationFunctionType.RELU_N1_TO_1,
    Activation.RELU6: tflite.ActivationFunctionType.RELU6,
}

# Maps an attribute's integers to the index of a constant tensor that holds them.
AddConstant = Callable[[Any], int]


@dataclass(frozen=True)
class FileTensor:
    """A tensor of a file as the schema has it; everything is written as given, right or wrong."""

    name: str
    shape: Sequence[int] | None
    type: int
    data: bytes | None = None
    scales: Sequence[float] | None = None
    zero_points: Sequence[int] | None = None
    axis: int = 0
    is_variable: bool = False
    shape_signature: Sequence[int] | None = None

    @classmethod
    def from_tensor(cls, tensor: Tensor) -> "FileTensor":
        quantization = tensor.quantization
        return cls(
            name=tensor.name,
            shape=tensor.shape,
            type=TENSOR_TYPES[tensor.dtype],
            data=None if tensor.data is None else tensor.data.tobytes(),
            scales=None if quantization is None else quantization.scales,
            zero_points=None if quantization is None else quantization.zero_points,
            axis=0 if quantization is None or quantization.axis is None else quantization.axis,
        )


@dataclass(frozen=True)
class FileOperator:
    """An operator of a file as the schema has it; `options` maps names of the schema's accessors to values."""

    code: int
    inputs: Sequence[int]
    outputs: Sequence[int]
    options_name: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    custom_name: str | None = None
    version: int = 1
    intermediates: Sequence[int] = ()
    custom_options: bytes = b""


@dataclass(frozen=True)
class FileSubgraph:
    """A subgraph of a file as the schema has it."""

    tensors: Sequence[FileTensor]
    operators: Sequence[FileOperator]
    inputs: Sequence[int] = ()
    outputs: Sequence[int] = ()
    name: str = "main"


def write_model(graph: Graph, description: str = "") -> bytes:
    """The graph as a .tflite file; ValueError for explicit paddings that are neither SAME nor VALID."""
    tensors = [FileTensor.from_tensor(tensor) for tensor in graph.tensors]
    constants = ConstantTensors(tensors)
    operators = [encode_operation(operation, graph.tensors, constants.add) for operation in graph.operations]
    return write_file(tensors, operators, graph.inputs, graph.outputs, name=graph.name, description=description)


class ConstantTensors:
    """Appends int32 constants to a list of tensors."""

    def __init__(self, tensors: list[FileTensor]) -> None:
        self._tensors = tensors

    def add(self, values: Any) -> int:
        array = np.asarray(values, np.int32)
        tensor = FileTensor(f"attribute{len(self._tensors)}", array.shape, tflite.TensorType.INT32, array.tobytes())
        self._tensors.append(tensor)
        return len(self._tensors) - 1


def encode_operation(operation: AnyOperation, tensors: Sequence[Tensor], constant: AddConstant) -> FileOperator:
    """The operator of the schema; attributes that it takes as tensors are added by `constant`.

    ValueError for kinds that this writer does not know.
    """
    code = getattr(tflite.BuiltinOperator, operation.kind)
    inputs: list[int] = list(operation.inputs)
    options_name: str | None = None
    options: dict[str, Any] = {}
    match operation:
        case Conv2D() | DepthwiseConv2D():
            filter_hw = tensors[operation.filter].shape[1:3]
            options = _window(operation, tensors, (filter_hw[0], filter_hw[1]), operation.dilations)
            options |= {"DilationHFactor": operation.dilation_height, "DilationWFactor": operation.dilation_width}
            options_name = "Conv2DOptions"
            if isinstance(operation, DepthwiseConv2D):
                options_name = "DepthwiseConv2DOptions"
                options["DepthMultiplier"] = operation.depth_multiplier
        case AveragePool2D() | MaxPool2D():
            options_name = "Pool2DOptions"
            options = _window(operation, tensors, operation.filter_hw, (1, 1))
            options |= {"FilterHeight": operation.filter_height, "FilterWidth": operation.filter_width}
        case FullyConnected():
            inputs = [operation.input, operation.weights, -1 if operation.bias is None else operation.bias]
            options_name = "FullyConnectedOptions"
            options = {"KeepNumDims": operation.keep_num_dims, **_activation(operation.activation)}
        case Add() | Sub() | Mul():
            options_name = f"{type(operation).__name__}Options"
            options = _activation(operation.activation)
        case L2Normalization():
            if operation.axis != tensors[operation.input].rank - 1:
                raise ValueError("the schema normalises along the last axis alone")
            options_name = "L2NormOptions"
        case Softmax():
            options_name, options = "SoftmaxOptions", {"Beta": operation.beta}
        case Concatenation():
            options_name = "ConcatenationOptions"
            options = {"Axis": operation.axis, **_activation(operation.activation)}
        case Split():
            inputs = [constant(operation.axis), operation.input]
            options_name, options = "SplitOptions", {"NumSplits": len(operation.parts)}
        case Pad():
            inputs.append(constant(operation.paddings))
            options_name = "PadOptions"
        case Reshape():
            inputs.append(constant(operation.shape))
            options_name, options = "ReshapeOptions", {"NewShape": operation.shape}
        case Transpose():
            inputs.append(constant(operation.permutation))
            options_name = "TransposeOptions"
        case Mean():
            inputs.append(constant(operation.axes))
            options_name, options = "ReducerOptions", {"KeepDims": operation.keep_dims}
        case ResizeBilinear() | ResizeNearestNeighbor():
            inputs.append(constant((operation.height, operation.width)))
            options_name = f"{type(operation).__name__}Options"
            options = {"AlignCorners": operation.align_corners, "HalfPixelCenters": operation.half_pixel_centers}
        case Logistic() | Tanh() | Relu() | Relu6() | Quantize() | Dequantize() | Minimum() | Maximum() | Prelu():
            pass
        case (
            Abs()
            | ComplexAbs()
            | Elu()
            | Exp()
            | Floor()
            | HardSwish()
            | Log()
            | LogSoftmax()
            | Neg()
            | ReluN1To1()
            | Rsqrt()
            | Sqrt()
            | FloorDiv()
            | SquaredDifference()
            | GatherNd()
            | EmbeddingLookup()
        ):
            pass
        case Slice():
            inputs += [constant(operation.begin), constant(operation.sizes)]
        case StridedSlice():
            # An end of -1 would count from the back; a masked one is as far as the stride goes.
            ends = [
                begin + size * stride
                for begin, size, stride in zip(operation.begin, operation.sizes, operation.strides, strict=True)
            ]
            inputs += [constant(operation.begin), constant(ends), constant(operation.strides)]
            options_name = "StridedSliceOptions"
            options = {"EndMask": sum(1 << axis for axis, end in enumerate(ends) if end < 0)}
        case Pack():
            options_name, options = "PackOptions", {"ValuesCount": len(operation.packed), "Axis": operation.axis}
        case Unpack():
            options_name, options = "UnpackOptions", {"Num": len(operation.slices), "Axis": operation.axis}
        case SplitV():
            inputs += [constant(operation.sizes), constant(operation.axis)]
            options_name, options = "SplitVOptions", {"NumSplits": len(operation.parts)}
        case Tile():
            inputs.append(constant(operation.multiples))
        case Squeeze():
            options_name, options = "SqueezeOptions", {"SqueezeDims": operation.axes}
        case ExpandDims() | ArgMax() | ArgMin():
            inputs.append(constant(operation.axis))
            if not isinstance(operation, ExpandDims):
                options_name = f"{type(operation).__name__}Options"
                options = {"OutputType": TENSOR_TYPES[tensors[operation.output].dtype]}
        case ShapeOf():
            options_name, options = "ShapeOptions", {"OutType": TENSOR_TYPES[tensors[operation.output].dtype]}
        case DepthToSpace() | SpaceToDepth():
            options_name = f"{type(operation).__name__}Options"
            options = {"BlockSize": operation.block_size}
        case SpaceToBatchNd():
            inputs += [constant(operation.block_shape), constant(operation.paddings)]
        case BatchToSpaceNd():
            inputs += [constant(operation.block_shape), constant(operation.crops)]
        case PadV2():
            inputs = [operation.input, constant(operation.paddings), operation.value]
        case MirrorPad():
            inputs.append(constant(operation.paddings))
            options_name = "MirrorPadOptions"
            mode = tflite.MirrorPadMode
            options = {"Mode": mode.SYMMETRIC if operation.symmetric else mode.REFLECT}
        case ReduceMax() | ReduceMin() | Sum():
            inputs.append(constant(operation.axes))
            options_name, options = "ReducerOptions", {"KeepDims": operation.keep_dims}
        case Gather():
            options_name = "GatherOptions"
            options = {"Axis": operation.axis, "BatchDims": operation.batch_dims}
        case Cast():
            options_name = "CastOptions"
            options = {
                "InDataType": TENSOR_TYPES[tensors[operation.input].dtype],
                "OutDataType": TENSOR_TYPES[tensors[operation.output].dtype],
            }
        case Div():
            options_name, options = "DivOptions", _activation(operation.activation)
        case LeakyRelu():
            options_name, options = "LeakyReluOptions", {"Alpha": operation.alpha}
        case _:
            raise ValueError(f"no {operation.kind} can be written")
    return FileOperator(code, inputs, operation.outputs, options_name, options)


def _activation(activation: Activation) -> dict[str, Any]:
    return {"FusedActivationFunction": ACTIVATIONS[activation]}


def _window(
    operation: Conv2D | DepthwiseConv2D | AveragePool2D | MaxPool2D,
    tensors: Sequence[Tensor],
    filter_hw: tuple[int, int],
    dilations: tuple[int, int],
) -> dict[str, Any]:
    shape = tensors[operation.input].shape
    padding = _same_or_valid(operation.padding, (shape[1], shape[2]), filter_hw, operation.strides, dilations)
    return {
        "Padding": tflite.Padding.SAME if padding is Padding.SAME else tflite.Padding.VALID,
        "StrideH": operation.stride_height,
        "StrideW": operation.stride_width,
        **_activation(operation.activation),
    }


def _same_or_valid(
    padding: Padding2D,
    input_hw: tuple[int, int],
    filter_hw: tuple[int, int],
    strides: tuple[int, int],
    dilations: tuple[int, int],
) -> Padding:
    if isinstance(padding, Padding):
        return padding
    for rule in Padding:
        if resolve_padding(rule, input_hw, filter_hw, strides, dilations) == padding:
            return rule
    raise ValueError(f"{padding!r} is neither SAME nor VALID; the schema has no other padding")


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


def quantization_fields(quantization: Quantization) -> dict[str, Any]:
    """The fields of a `FileTensor` that hold a quantisation."""
    return {"scales": quantization.scales, "zero_points": quantization.zero_points, "axis": quantization.axis or 0}
