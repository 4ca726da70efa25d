"""Writes an npu_hal graph as a .tflite file."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import tflite

from npu_hal.api import AnyOperation, Graph, Tensor

from .file_parts import FileOperator, FileTensor
from .file_writer import write_file
from .operators import FAMILIES, AddConstant


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
    for encode in FAMILIES:
        arguments = encode(operation, tensors, constant)
        if arguments is not None:
            return FileOperator(
                code=getattr(tflite.BuiltinOperator, operation.kind),
                inputs=arguments.inputs,
                outputs=operation.outputs,
                options_name=arguments.options_name,
                options=arguments.options,
            )
    raise ValueError(f"no {operation.kind} can be written")
