"""TensorFlow Lite's model format: reading .tflite files, and converting operators to operations."""

from npu_hal.tflite.model import FileOperator, Model, State
from npu_hal.tflite.operator_view import OperatorView
from npu_hal.tflite.operators import code_name, convert_operator, operator_name
from npu_hal.tflite.reader import read_model, read_operators

__all__ = [
    "FileOperator",
    "Model",
    "OperatorView",
    "State",
    "code_name",
    "convert_operator",
    "operator_name",
    "read_model",
    "read_operators",
]
