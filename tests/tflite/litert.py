"""What LiteRT says about a model: the independent source that readings are compared with."""

from pathlib import Path
from typing import Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType

from npu_hal.api import Tensor
from npu_hal.tflite import Model


def interpreter(model: Path | bytes) -> Any:
    """An interpreter with reference kernels whose tensors have their final shapes."""
    source = {"model_content": model} if isinstance(model, bytes) else {"model_path": str(model)}
    result = Interpreter(**source, experimental_op_resolver_type=OpResolverType.BUILTIN_REF)
    result.allocate_tensors()
    return result


def differences(model: Model, runtime: Any) -> list[str]:
    """In what the tensors of a reading differ from those that LiteRT shows, in words; nothing if they are the same."""
    details = {entry["index"]: entry for entry in runtime.get_tensor_details()}
    found = []
    for tensor, index in zip(model.graph.tensors, model.tensor_indices, strict=True):
        if tensor.name.endswith(":copy") or index < 0:
            continue
        found += [f"tensor {index}: {text}" for text in _compare(tensor, details[index])]
        if tensor.data is not None and not np.array_equal(tensor.data, runtime.get_tensor(index)):
            found.append(f"tensor {index}: other contents")
    for role, ours, theirs in (
        ("inputs", model.graph.inputs, runtime.get_input_details()),
        ("outputs", model.graph.outputs, runtime.get_output_details()),
    ):
        # The inputs and outputs of states follow those of the model.
        if [model.tensor_indices[index] for index in ours[: len(theirs)]] != [entry["index"] for entry in theirs]:
            found.append(f"other {role}")
    return found


def _compare(tensor: Tensor, entry: dict[str, Any]) -> list[str]:
    parameters = entry["quantization_parameters"]
    quantization = tensor.quantization
    ours: dict[str, Any] = {
        "name": tensor.name,
        "shape": list(tensor.shape),
        "dtype": tensor.dtype.numpy,
        "scales": [] if quantization is None else list(quantization.scales),
        "zero points": [] if quantization is None else list(quantization.zero_points),
        "axis": 0 if quantization is None or quantization.axis is None else quantization.axis,
    }
    theirs: dict[str, Any] = {
        "name": entry["name"],
        "shape": entry["shape"].tolist(),
        "dtype": np.dtype(entry["dtype"]),
        "scales": parameters["scales"].tolist() if tensor.dtype.is_integer else [],
        "zero points": parameters["zero_points"].tolist() if tensor.dtype.is_integer else [],
        "axis": parameters["quantized_dimension"] if quantization is not None and quantization.is_per_axis else 0,
    }
    return [f"{key} {ours[key]} instead of {theirs[key]}" for key in ours if ours[key] != theirs[key]]
