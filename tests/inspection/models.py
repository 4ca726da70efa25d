"""Model files for inspections."""

from pathlib import Path

import numpy as np
import tflite

from npu_hal.api import (
    Conv2D,
    DType,
    GraphBuilder,
    Padding,
    Quantization,
    Relu,
    Softmax,
)
from tests.tflite_models import FileOperator, FileTensor, write_file, write_model

QUANTIZATION = Quantization.per_tensor(1 / 256, 0)


def three_operations(folder: Path, name: str = "y") -> Path:
    """A convolution and a RELU, which NPUs run, and a SOFTMAX, which none does."""
    builder = GraphBuilder()
    x = builder.input("x", (1, 4, 6, 8), DType.UINT8, QUANTIZATION)
    weights = np.arange(16 * 8, dtype=np.uint8).reshape(16, 1, 1, 8)
    convolved = builder.tensor(f"{name} convolved", DType.UINT8, QUANTIZATION)
    builder.append(
        Conv2D(
            input=x,
            filter=builder.constant(f"{name} weights", weights, Quantization.per_tensor(0.01, 128)),
            output=convolved,
            padding=Padding.SAME,
        )
    )
    limited = builder.tensor(f"{name} limited", DType.UINT8, QUANTIZATION)
    builder.append(Relu(input=convolved, output=limited))
    shares = builder.tensor(f"{name} shares", DType.UINT8, QUANTIZATION)
    builder.append(Softmax(input=limited, output=shares))
    path = folder / "three.tflite"
    path.write_bytes(write_model(builder.build([shares]), description=f"made of {name}"))
    return path


def with_unknown_operator(folder: Path, name: str = "Decode") -> Path:
    """RELU, a custom operator, RELU, and an ADD of the two RELUs' results."""

    def byte_tensor(label: str) -> FileTensor:
        return FileTensor(label, [1, 4, 4, 8], tflite.TensorType.UINT8, scales=[1 / 256], zero_points=[0])

    code = tflite.BuiltinOperator
    operators = [
        FileOperator(code.RELU, [0], [1]),
        FileOperator(code.CUSTOM, [1], [2], custom_name=name),
        FileOperator(code.RELU, [2], [3]),
        FileOperator(code.ADD, [1, 3], [4], "AddOptions"),
    ]
    path = folder / "unknown.tflite"
    path.write_bytes(write_file([byte_tensor(label) for label in "abcde"], operators, [0], [4]))
    return path
