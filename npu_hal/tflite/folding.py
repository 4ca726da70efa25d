"""Folding of operations whose results are known before a model runs.

Converters of models with a free batch size write shapes as computations: SHAPE of a tensor, slices of it, and PACK of
the pieces to the shape that a RESHAPE or TILE is to give. Shapes are static here, so these are integers that are known,
and the operations that take them as attributes get constants. Only such index arithmetic is folded: int32 and int64
of few elements, never weights.
"""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from npu_hal.api import Activation, Array, DType, Tensor

if TYPE_CHECKING:
    from npu_hal.api import AnyOperation

_INTEGERS = (DType.INT32, DType.INT64)
# More elements than any shape has; keeps hostile models from doing work while they are read.
MAX_ELEMENTS = 1024

_ARITHMETIC = {"ADD": np.add, "SUB": np.subtract, "MUL": np.multiply}
_EXTREMA = {"MINIMUM": np.minimum, "MAXIMUM": np.maximum}


def fold(operation: "AnyOperation", tensors: Sequence[Tensor]) -> Array | None:
    """The value of the operation's output, if it is known and index arithmetic; None if not.

    `operation` has passed its checks, and its output has the shape that it infers.
    """
    output = tensors[operation.outputs[0]]
    if output.dtype not in _INTEGERS or output.size > MAX_ELEMENTS:
        return None
    if operation.kind == "SHAPE":
        return np.array(tensors[operation.input].shape, output.dtype.numpy)
    if not all(_is_known(tensors[index]) for index in operation.inputs):
        return None
    value = _evaluate(operation, [tensors[index].constant() for index in operation.inputs])
    return None if value is None else np.ascontiguousarray(value, output.dtype.numpy).reshape(output.shape)


def _is_known(tensor: Tensor) -> bool:
    return tensor.is_constant and tensor.dtype in _INTEGERS and tensor.size <= MAX_ELEMENTS


def _evaluate(operation: "AnyOperation", inputs: Sequence[Array]) -> Array | None:
    match operation.kind:
        case "RESHAPE" | "SQUEEZE" | "EXPAND_DIMS" | "CAST":
            return inputs[0]
        case "TRANSPOSE":
            return inputs[0].transpose(operation.permutation)
        case "SLICE":
            return _strided(inputs[0], operation.begin, (1,) * len(operation.begin), operation.sizes)
        case "STRIDED_SLICE":
            return _strided(inputs[0], operation.begin, operation.strides, operation.sizes)
        case "CONCATENATION" if operation.activation is Activation.NONE:
            return np.concatenate(inputs, axis=operation.axis)
        case "PACK":
            return np.stack(inputs, axis=operation.axis)
        case "GATHER" if operation.batch_dims == 0:
            size = inputs[0].shape[operation.axis]
            if not ((inputs[1] >= 0) & (inputs[1] < size)).all():
                return None
            return np.take(inputs[0], inputs[1], axis=operation.axis)
        case "ADD" | "SUB" | "MUL" if operation.activation is Activation.NONE:
            return np.asarray(_ARITHMETIC[operation.kind](inputs[0], inputs[1]))
        case "MINIMUM" | "MAXIMUM":
            return np.asarray(_EXTREMA[operation.kind](inputs[0], inputs[1]))
        case "FLOOR_DIV":
            return np.floor_divide(inputs[0], inputs[1]) if inputs[1].all() else None
        case _:
            return None


def _strided(array: Array, begin: Sequence[int], strides: Sequence[int], sizes: Sequence[int]) -> Array:
    if not math.prod(sizes):
        return np.zeros(sizes, array.dtype)
    return array[
        np.ix_(*(start + stride * np.arange(size) for start, stride, size in zip(begin, strides, sizes, strict=True)))
    ]
