"""Writing a graph as a .tflite file: the operations of the digits models, by the schema's generated builder code."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import flatbuffers
import numpy as np
import tflite

from npu_hal.api import (
    Activation,
    Add,
    AnyOperation,
    AveragePool2D,
    Conv2D,
    DepthwiseConv2D,
    DType,
    FullyConnected,
    Graph,
    Padding,
    Padding2D,
    Quantization,
    Reshape,
    Softmax,
    Tensor,
)

FILE_IDENTIFIER = b"TFL3"
SCHEMA_VERSION = 3
BUFFER_ALIGNMENT = 16

_TYPES = {
    DType.UINT8: tflite.TensorType.UINT8,
    DType.INT8: tflite.TensorType.INT8,
    DType.INT32: tflite.TensorType.INT32,
    DType.FLOAT32: tflite.TensorType.FLOAT32,
}
_ACTIVATIONS = {
    Activation.NONE: tflite.ActivationFunctionType.NONE,
    Activation.RELU: tflite.ActivationFunctionType.RELU,
}
# The operator versions that brought int8 (tensorflow/lite/tools/versioning/op_version.cc); float32 and uint8 are 1.
_INT8_VERSIONS = {
    "CONV_2D": 3,
    "DEPTHWISE_CONV_2D": 3,
    "FULLY_CONNECTED": 4,
    "ADD": 2,
    "AVERAGE_POOL_2D": 2,
    "SOFTMAX": 2,
    "RESHAPE": 1,
}


@dataclass(frozen=True, slots=True)
class _Operator:
    """An operator as the schema has it; options are named as the builder's functions are."""

    kind: str
    version: int
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    options_table: str
    options: Mapping[str, Any]


def write_model(graph: Graph, description: str) -> bytes:
    """The graph as the contents of a .tflite file; KeyError or ValueError for what the digits models do not use."""
    tensors = list(graph.tensors)
    operators = [_operator(operation, tensors) for operation in graph.operations]
    codes = sorted({(operator.kind, operator.version) for operator in operators})
    builder = flatbuffers.Builder(1 << 16)
    constants = [tensor for tensor in tensors if tensor.is_constant]
    buffers = [_buffer(builder, b""), *(_buffer(builder, tensor.constant().tobytes()) for tensor in constants)]
    tensor_offsets = []
    for tensor in tensors:
        position = next((at for at, constant in enumerate(constants, 1) if constant is tensor), 0)
        tensor_offsets.append(_tensor(builder, tensor, position))
    operator_offsets = [
        _operator_table(builder, operator, codes.index((operator.kind, operator.version))) for operator in operators
    ]
    subgraph = _table(
        builder,
        "SubGraph",
        Tensors=_offsets(builder, tensor_offsets),
        Inputs=_integers(builder, graph.inputs, np.int32),
        Outputs=_integers(builder, graph.outputs, np.int32),
        Operators=_offsets(builder, operator_offsets),
        Name=builder.CreateString(graph.name),
    )
    code_offsets = [
        _table(
            builder,
            "OperatorCode",
            DeprecatedBuiltinCode=getattr(tflite.BuiltinOperator, kind),
            BuiltinCode=getattr(tflite.BuiltinOperator, kind),
            Version=version,
        )
        for kind, version in codes
    ]
    model = _table(
        builder,
        "Model",
        Version=SCHEMA_VERSION,
        OperatorCodes=_offsets(builder, code_offsets),
        Subgraphs=_offsets(builder, [subgraph]),
        Description=builder.CreateString(description),
        Buffers=_offsets(builder, buffers),
    )
    builder.Finish(model, FILE_IDENTIFIER)
    return bytes(builder.Output())


def _operator(operation: AnyOperation, tensors: list[Tensor]) -> _Operator:
    """The operator for `operation`; a constant that the schema wants as a tensor is appended to `tensors`."""
    inputs = operation.inputs
    match operation:
        case Conv2D():
            table, options = "Conv2DOptions", _convolution_options(operation)
        case DepthwiseConv2D():
            table = "DepthwiseConv2DOptions"
            options = {**_convolution_options(operation), "DepthMultiplier": operation.depth_multiplier}
        case AveragePool2D():
            table = "Pool2DOptions"
            options = {
                "Padding": _padding(operation.padding),
                "StrideH": operation.stride_height,
                "StrideW": operation.stride_width,
                "FilterHeight": operation.filter_height,
                "FilterWidth": operation.filter_width,
                "FusedActivationFunction": _ACTIVATIONS[operation.activation],
            }
        case FullyConnected():
            table, options = "FullyConnectedOptions", {"FusedActivationFunction": _ACTIVATIONS[operation.activation]}
        case Add():
            table, options = "AddOptions", {"FusedActivationFunction": _ACTIVATIONS[operation.activation]}
        case Softmax():
            table, options = "SoftmaxOptions", {"Beta": operation.beta}
        case Reshape():
            shape = np.array(operation.shape, np.int32)
            tensors.append(Tensor(name="shape", shape=shape.shape, dtype=DType.INT32, data=shape))
            inputs = (operation.input, len(tensors) - 1)
            table, options = "ReshapeOptions", {"NewShape": shape}
        case _:
            raise ValueError(f"the digits models have no {operation.kind}")
    is_int8 = tensors[operation.inputs[0]].dtype is DType.INT8
    version = _INT8_VERSIONS[operation.kind] if is_int8 else 1
    return _Operator(operation.kind, version, inputs, operation.outputs, table, options)


def _convolution_options(operation: Conv2D | DepthwiseConv2D) -> dict[str, Any]:
    return {
        "Padding": _padding(operation.padding),
        "StrideH": operation.stride_height,
        "StrideW": operation.stride_width,
        "DilationHFactor": operation.dilation_height,
        "DilationWFactor": operation.dilation_width,
        "FusedActivationFunction": _ACTIVATIONS[operation.activation],
    }


def _padding(padding: Padding2D) -> int:
    if not isinstance(padding, Padding):
        raise ValueError("the schema knows SAME and VALID, and no explicit padding")
    return int(tflite.Padding.SAME if padding is Padding.SAME else tflite.Padding.VALID)


def _tensor(builder: flatbuffers.Builder, tensor: Tensor, buffer: int) -> int:
    fields: dict[str, Any] = {
        "Shape": _integers(builder, tensor.shape, np.int32),
        "Type": _TYPES[tensor.dtype],
        "Buffer": buffer,
        "Name": builder.CreateString(tensor.name),
    }
    if tensor.quantization is not None:
        fields["Quantization"] = _quantization(builder, tensor.quantization)
    return _table(builder, "Tensor", **fields)


def _quantization(builder: flatbuffers.Builder, quantization: Quantization) -> int:
    return _table(
        builder,
        "QuantizationParameters",
        Scale=int(builder.CreateNumpyVector(quantization.scale_array())),
        ZeroPoint=_integers(builder, quantization.zero_points, np.int64),
        QuantizedDimension=quantization.axis or 0,
    )


def _operator_table(builder: flatbuffers.Builder, operator: _Operator, code: int) -> int:
    options = {
        name: _integers(builder, value, np.int32) if isinstance(value, np.ndarray) else value
        for name, value in operator.options.items()
    }
    return _table(
        builder,
        "Operator",
        OpcodeIndex=code,
        Inputs=_integers(builder, operator.inputs, np.int32),
        Outputs=_integers(builder, operator.outputs, np.int32),
        BuiltinOptionsType=getattr(tflite.BuiltinOptions, operator.options_table),
        BuiltinOptions=_table(builder, operator.options_table, **options),
    )


def _buffer(builder: flatbuffers.Builder, data: bytes) -> int:
    if not data:
        return _table(builder, "Buffer")
    # The builder aligns to 16 only when told so; TFLite's kernels read weights in place.
    builder.StartVector(1, len(data), BUFFER_ALIGNMENT)
    builder.head -= len(data)
    builder.Bytes[builder.head : builder.head + len(data)] = data
    return _table(builder, "Buffer", Data=int(builder.EndVector()))


def _table(builder: flatbuffers.Builder, name: str, **fields: Any) -> int:
    """A table of the schema; child objects are given by their offsets, so they are built before it."""
    getattr(tflite, f"{name}Start")(builder)
    for field, value in fields.items():
        getattr(tflite, f"{name}Add{field}")(builder, value)
    return int(getattr(tflite, f"{name}End")(builder))


def _offsets(builder: flatbuffers.Builder, offsets: Sequence[int]) -> int:
    builder.StartVector(4, len(offsets), 4)
    for offset in reversed(offsets):
        builder.PrependUOffsetTRelative(offset)
    return int(builder.EndVector())


def _integers(builder: flatbuffers.Builder, values: Any, dtype: type[np.integer[Any]]) -> int:
    return int(builder.CreateNumpyVector(np.asarray(values, dtype)))
