"""Which operations have a definition, and the reason where one has not."""

from collections.abc import Sequence

import numpy as np

from npu_hal.api import Operation, Tensor
from npu_hal_software.reference.definitions import find_definition

_SMALLEST_NORMAL = float(np.finfo(np.float32).tiny)
_LARGEST = float(np.finfo(np.float32).max)

# Kinds that take a constant quantised along an axis: their weights, or a table to be dequantised.
_PER_AXIS_KINDS = frozenset({"CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "TRANSPOSE_CONV", "DEQUANTIZE"})


def refusal(operation: Operation, tensors: Sequence[Tensor]) -> str:
    """Why `operation` over `tensors` has no definition, in words, or "" if it has one."""
    definition = find_definition(operation.kind)
    if definition is None:
        return f"the software driver does not know operations of kind {operation.kind}"
    if operation.needs_quantization or operation.kind == "DEQUANTIZE":
        for index in (*operation.inputs, *operation.outputs):
            problem = _quantization_problem(operation, tensors[index])
            if problem:
                return f"tensor {index} {tensors[index].name!r} {problem}"
    return definition.refusal(operation, tensors)


def _quantization_problem(operation: Operation, tensor: Tensor) -> str:
    quantization = tensor.quantization
    if quantization is None or not (tensor.dtype.is_quantised8 or operation.kind in ("QUANTIZE", "DEQUANTIZE")):
        return ""
    if quantization.is_per_axis and operation.kind not in _PER_AXIS_KINDS:
        return f"is quantised per axis, which {operation.kind} has no meaning for"
    for scale in quantization.scales:
        if scale != 0 and not _SMALLEST_NORMAL <= scale <= _LARGEST:
            return f"has the scale {scale:g}, which float32 cannot hold"
        if scale == 0 and not tensor.is_constant:
            return "has the scale 0"
    return ""
