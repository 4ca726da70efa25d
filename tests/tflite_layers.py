"""Writes graphs of one operation whose operator is unlike it: with variables, intermediates or custom options."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import tflite
from flatbuffers import flexbuffers

from npu_hal.api import (
    DetectionPostProcess,
    Graph,
    Padding,
    Quantization,
    Rfft2D,
    Rnn,
    Svdf,
    TransposeConv,
    UnidirectionalSequenceLstm,
)
from tests.tflite_models import ACTIVATIONS, FileOperator, FileTensor, quantization_fields, write_file

_LSTM_INPUTS = (
    "input",
    *(f"input_to_{gate}_weights" for gate in ("input", "forget", "cell", "output")),
    *(f"recurrent_to_{gate}_weights" for gate in ("input", "forget", "cell", "output")),
    *(f"cell_to_{gate}_weights" for gate in ("input", "forget", "output")),
    *(f"{gate}_gate_bias" for gate in ("input", "forget", "cell", "output")),
    "projection_weights",
    "projection_bias",
    "output_state",
    "cell_state",
    *(f"{gate}_layer_norm_coefficients" for gate in ("input", "forget", "cell", "output")),
)
# ActivationFunctionType; what its table has not are the numbers of the kernels.
_RECURRENT_ACTIVATIONS = {"NONE": 0, "RELU": 1, "RELU_N1_TO_1": 2, "RELU6": 3, "TANH": 4, "SIGMOID": 6}


def write_layer(graph: Graph) -> bytes:
    """The graph of one operation as a .tflite file; states become variables, and no inputs and outputs of the file."""
    (operation,) = graph.operations
    tensors = [FileTensor.from_tensor(tensor) for tensor in graph.tensors]
    states: dict[int, int] = {}
    match operation:
        case UnidirectionalSequenceLstm():
            operator = _lstm(operation, tensors)
            states = {
                operation.output_state: operation.new_output_state,
                operation.cell_state: operation.new_cell_state,
            }
        case Svdf():
            bias = -1 if operation.bias is None else operation.bias
            operator = FileOperator(
                tflite.BuiltinOperator.SVDF,
                [operation.input, operation.feature_weights, operation.time_weights, bias, operation.state],
                [operation.output],
                "SVDFOptions",
                {"Rank": operation.rank, "FusedActivationFunction": ACTIVATIONS[operation.activation]},
                version=3 if graph.tensors[operation.input].dtype.is_integer else 1,
            )
            states = {operation.state: operation.new_state}
        case Rnn():
            operator = FileOperator(
                tflite.BuiltinOperator.RNN,
                operation.inputs,
                [operation.output],
                "RNNOptions",
                {"FusedActivationFunction": _RECURRENT_ACTIVATIONS[operation.activation]},
            )
            states = {operation.hidden_state: operation.new_hidden_state}
        case TransposeConv():
            operator = _transpose_conv(operation, graph, tensors)
        case Rfft2D():
            size = _constant(tensors, [operation.fft_height, operation.fft_width])
            operator = FileOperator(tflite.BuiltinOperator.RFFT2D, [operation.input, size], [operation.output])
        case DetectionPostProcess():
            operator = _detection(operation)
        case _:
            raise ValueError(f"no layer of {operation.kind} can be written")
    for state in states:
        tensors[state] = replace(tensors[state], is_variable=True)
    inputs = [index for index in graph.inputs if index not in states]
    outputs = [index for index in graph.outputs if index not in states.values()]
    return write_file(tensors, [operator], inputs, outputs)


def _constant(tensors: list[FileTensor], values: Sequence[int]) -> int:
    array = np.array(values, np.int32)
    tensors.append(FileTensor("attribute", array.shape, tflite.TensorType.INT32, array.tobytes()))
    return len(tensors) - 1


def _intermediate(tensors: list[FileTensor], quantization: Quantization | None, integer_type: int) -> int:
    fields: dict[str, Any] = {} if quantization is None else quantization_fields(quantization)
    tensors.append(FileTensor("intermediate", [0], integer_type if fields else tflite.TensorType.FLOAT32, **fields))
    return len(tensors) - 1


def _lstm(operation: UnidirectionalSequenceLstm, tensors: list[FileTensor]) -> FileOperator:
    operands = [getattr(operation, name) for name in _LSTM_INPUTS]
    intermediates: list[int] = []
    if operation.hidden_quantization is not None:
        gates = operation.gate_quantizations or (None,) * 4
        intermediates = [_intermediate(tensors, gate, tflite.TensorType.INT16) for gate in gates]
        intermediates.append(_intermediate(tensors, operation.hidden_quantization, tflite.TensorType.INT8))
    return FileOperator(
        tflite.BuiltinOperator.UNIDIRECTIONAL_SEQUENCE_LSTM,
        [-1 if index is None else index for index in operands],
        [operation.output],
        "UnidirectionalSequenceLSTMOptions",
        {
            "FusedActivationFunction": _RECURRENT_ACTIVATIONS[operation.activation],
            "CellClip": operation.cell_clip,
            "ProjClip": operation.projection_clip,
            "TimeMajor": operation.time_major,
        },
        intermediates=intermediates,
    )


def _transpose_conv(operation: TransposeConv, graph: Graph, tensors: list[FileTensor]) -> FileOperator:
    shape = _constant(tensors, graph.tensors[operation.output].shape)
    inputs = [shape, operation.filter, operation.input]
    if operation.bias is not None:
        inputs.append(operation.bias)
    return FileOperator(
        tflite.BuiltinOperator.TRANSPOSE_CONV,
        inputs,
        [operation.output],
        "TransposeConvOptions",
        {
            "Padding": tflite.Padding.SAME if operation.padding is Padding.SAME else tflite.Padding.VALID,
            "StrideH": operation.stride_height,
            "StrideW": operation.stride_width,
            "FusedActivationFunction": ACTIVATIONS[operation.activation],
        },
        version=4 if operation.activation != "NONE" else 3 if operation.bias is not None else 1,
    )


def _detection(operation: DetectionPostProcess) -> FileOperator:
    return FileOperator(
        tflite.BuiltinOperator.CUSTOM,
        operation.inputs,
        operation.outputs,
        custom_name="TFLite_Detection_PostProcess",
        custom_options=detection_options(operation),
    )


def detection_options(operation: DetectionPostProcess) -> bytes:
    """The options of a detection's post-processing as a flexbuffer."""
    return bytes(
        flexbuffers.Dumps(
            {
                "max_detections": operation.max_detections,
                "max_classes_per_detection": operation.max_classes_per_detection,
                "detections_per_class": operation.detections_per_class,
                "use_regular_nms": operation.use_regular_nms,
                "nms_score_threshold": operation.score_threshold,
                "nms_iou_threshold": operation.iou_threshold,
                "num_classes": operation.num_classes,
                "y_scale": operation.y_scale,
                "x_scale": operation.x_scale,
                "h_scale": operation.h_scale,
                "w_scale": operation.w_scale,
            }
        )
    )
