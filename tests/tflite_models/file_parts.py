"""What a .tflite file is made of, as the schema has it: tensors, operators and subgraphs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import tflite

from npu_hal.api import Activation, DType, Quantization, Tensor

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


def quantization_fields(quantization: Quantization) -> dict[str, Any]:
    """The fields of a `FileTensor` that hold a quantisation."""
    return {"scales": quantization.scales, "zero_points": quantization.zero_points, "axis": quantization.axis or 0}
