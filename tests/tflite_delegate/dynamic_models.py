"""Small models whose shapes are computed while they run, or not told by their files."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import tflite
from tflite import BuiltinOperator as Code

from ..tflite_models import FileOperator, FileSubgraph, FileTensor, write_file

BOOL, FLOAT32, INT32, INT8 = (
    tflite.TensorType.BOOL,
    tflite.TensorType.FLOAT32,
    tflite.TensorType.INT32,
    tflite.TensorType.INT8,
)


def integers(name: str, values: Any = None, shape: Sequence[int] | None = None) -> FileTensor:
    """An int32 tensor: a constant of `values`, or one of `shape` that is computed."""
    array = np.array(0 if values is None else values, np.int32)
    stored = list(array.shape) if shape is None else shape
    return FileTensor(name, stored, INT32, None if values is None else array.tobytes())


def flatten_by_batch(stored: Sequence[int] | None = None, outputs: Sequence[int] = (8,)) -> bytes:
    """RELU of int8 x, then a RESHAPE of it to [batch, 12], then RELU again: operators 0 to 5.

    The batch size is a slice of the shape of the first result, and PACK makes the new shape of it. `stored` replaces
    what the file says of the shapes of results. Tensor 0 is x, 3 the shape, 5 the batch size, 6 the new shape.
    """
    quantized: dict[str, Any] = {"scales": [0.5], "zero_points": [-3]}
    tensors = [
        FileTensor("x", [1, 3, 4], INT8, shape_signature=[-1, 3, 4], **quantized),
        FileTensor("rectified", stored or [1, 3, 4], INT8, **quantized),
        integers("first", [0]),
        integers("shape", shape=stored or [3]),
        integers("one", [1]),
        integers("batch", shape=stored or []),
        integers("new shape", shape=stored or [2]),
        FileTensor("flat", stored or [1, 12], INT8, **quantized),
        FileTensor("y", stored or [1, 12], INT8, **quantized),
        integers("rest", 12),
    ]
    operators = [
        FileOperator(Code.RELU, [0], [1]),
        FileOperator(Code.SHAPE, [1], [3], "ShapeOptions", {"OutType": INT32}),
        FileOperator(Code.STRIDED_SLICE, [3, 2, 4, 4], [5], "StridedSliceOptions", {"ShrinkAxisMask": 1}),
        FileOperator(Code.PACK, [5, 9], [6], "PackOptions", {"ValuesCount": 2, "Axis": 0}),
        FileOperator(Code.RESHAPE, [1, 6], [7], "ReshapeOptions"),
        FileOperator(Code.RELU, [7], [8]),
    ]
    return write_file(tensors, operators, [0], outputs)


def reshape_to_input() -> bytes:
    """ABS of float32 x, its RESHAPE to the contents of input `shape`, NEG and ABS of that, ABS of NEG of x."""
    tensors = [
        FileTensor("x", [2, 6], FLOAT32),
        integers("shape", shape=[2]),
        FileTensor("absolute", [2, 6], FLOAT32),
        FileTensor("reshaped", [3, 4], FLOAT32),
        FileTensor("negated", [3, 4], FLOAT32),
        FileTensor("y", [3, 4], FLOAT32),
        FileTensor("other", [2, 6], FLOAT32),
    ]
    operators = [
        FileOperator(Code.ABS, [0], [2]),
        FileOperator(Code.RESHAPE, [2, 1], [3], "ReshapeOptions"),
        FileOperator(Code.NEG, [3], [4]),
        FileOperator(Code.ABS, [4], [5]),
        FileOperator(Code.NEG, [2], [6]),
    ]
    return write_file(tensors, operators, [0, 1], [5, 6])


def fill_and_negate(stored: Sequence[int]) -> bytes:
    """A FILL of float32 `value` to the contents of input `shape`, which npu-hal has no operation for, and NEG of it.

    `stored` is what the file says of the shapes of both results.
    """
    tensors = [
        integers("shape", shape=[2]),
        FileTensor("value", [], FLOAT32),
        FileTensor("filled", stored, FLOAT32),
        FileTensor("y", stored, FLOAT32),
    ]
    operators = [FileOperator(Code.FILL, [0, 1], [2], "FillOptions"), FileOperator(Code.NEG, [2], [3])]
    return write_file(tensors, operators, [0, 1], [3])


def branches(stored: Sequence[int]) -> bytes:
    """IF input `condition` then NEG of ABS of x, else ABS of NEG of it, float32; then NEG.

    `stored` is what the file says of the shapes of results.
    """
    then = FileSubgraph(
        [FileTensor("a", [1, 4], FLOAT32), FileTensor("b", stored, FLOAT32)],
        [FileOperator(Code.NEG, [0], [1])],
        [0],
        [1],
        "then",
    )
    otherwise = FileSubgraph(
        [FileTensor("a", [1, 4], FLOAT32), FileTensor("b", stored, FLOAT32), FileTensor("c", stored, FLOAT32)],
        [FileOperator(Code.NEG, [0], [1]), FileOperator(Code.ABS, [1], [2])],
        [0],
        [2],
        "else",
    )
    tensors = [
        FileTensor("x", [1, 4], FLOAT32),
        FileTensor("condition", [1], BOOL),
        *(FileTensor(name, stored, FLOAT32) for name in ("absolute", "chosen", "y")),
    ]
    operators = [
        FileOperator(Code.ABS, [0], [2]),
        FileOperator(Code.IF, [1, 2], [3], "IfOptions", {"ThenSubgraphIndex": 1, "ElseSubgraphIndex": 2}),
        FileOperator(Code.NEG, [3], [4]),
    ]
    return write_file(tensors, operators, [0, 1], [4], more_subgraphs=[then, otherwise])
