"""The closed set of typed operations, discriminated by `kind`.

Making the classes of all kinds takes longer than running a model of five, so each family of them is imported when a
name of it is first asked for (PEP 562). Code that is on the way to a first inference tells kinds apart by `kind`, not
by class, and names `AnyOperation` for type checkers only.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from npu_hal.api.operations.activation import Elu, HardSwish, LeakyRelu, Prelu, ReluN1To1
    from npu_hal.api.operations.any_operation import AnyOperation
    from npu_hal.api.operations.axes import ExpandDims, ShapeOf, Squeeze
    from npu_hal.api.operations.blocks import BatchToSpaceNd, DepthToSpace, SpaceToBatchNd, SpaceToDepth
    from npu_hal.api.operations.convolution import Conv2D, DepthwiseConv2D, FullyConnected
    from npu_hal.api.operations.detection import DetectionPostProcess
    from npu_hal.api.operations.elementwise import Add, Dequantize, Logistic, Mul, Quantize, Relu, Relu6, Sub, Tanh
    from npu_hal.api.operations.elementwise_math import (
        Abs,
        Cast,
        ComplexAbs,
        Div,
        Exp,
        Floor,
        FloorDiv,
        Log,
        Maximum,
        Minimum,
        Neg,
        Rsqrt,
        Sqrt,
        SquaredDifference,
    )
    from npu_hal.api.operations.joining import Concatenation, Split, SplitV
    from npu_hal.api.operations.layout import Tile, Transpose
    from npu_hal.api.operations.lookup import EmbeddingLookup, HashtableLookup, LshProjection
    from npu_hal.api.operations.normalization import L2Normalization, LocalResponseNormalization
    from npu_hal.api.operations.pad import MirrorPad, Pad, PadV2
    from npu_hal.api.operations.pooling import AveragePool2D, L2Pool2D, MaxPool2D
    from npu_hal.api.operations.recurrent import Rnn, Svdf, UnidirectionalSequenceLstm
    from npu_hal.api.operations.reduction import ArgMax, ArgMin, Mean, ReduceMax, ReduceMin, Sum
    from npu_hal.api.operations.reshape import Reshape
    from npu_hal.api.operations.resize import ResizeBilinear, ResizeNearestNeighbor
    from npu_hal.api.operations.signal import Rfft2D
    from npu_hal.api.operations.slicing import Gather, GatherNd, Slice, StridedSlice
    from npu_hal.api.operations.softmax import LogSoftmax, Softmax
    from npu_hal.api.operations.stacking import Pack, Unpack
    from npu_hal.api.operations.transpose_convolution import TransposeConv

# The names that each module defines.
_FAMILIES = {
    "activation": ("Elu", "HardSwish", "LeakyRelu", "Prelu", "ReluN1To1"),
    "any_operation": ("AnyOperation",),
    "axes": ("ExpandDims", "ShapeOf", "Squeeze"),
    "blocks": ("BatchToSpaceNd", "DepthToSpace", "SpaceToBatchNd", "SpaceToDepth"),
    "convolution": ("Conv2D", "DepthwiseConv2D", "FullyConnected"),
    "detection": ("DetectionPostProcess",),
    "elementwise": ("Add", "Dequantize", "Logistic", "Mul", "Quantize", "Relu", "Relu6", "Sub", "Tanh"),
    "elementwise_math": (
        "Abs",
        "Cast",
        "ComplexAbs",
        "Div",
        "Exp",
        "Floor",
        "FloorDiv",
        "Log",
        "Maximum",
        "Minimum",
        "Neg",
        "Rsqrt",
        "Sqrt",
        "SquaredDifference",
    ),
    "joining": ("Concatenation", "Split", "SplitV"),
    "layout": ("Tile", "Transpose"),
    "lookup": ("EmbeddingLookup", "HashtableLookup", "LshProjection"),
    "normalization": ("L2Normalization", "LocalResponseNormalization"),
    "pad": ("MirrorPad", "Pad", "PadV2"),
    "pooling": ("AveragePool2D", "L2Pool2D", "MaxPool2D"),
    "recurrent": ("Rnn", "Svdf", "UnidirectionalSequenceLstm"),
    "reduction": ("ArgMax", "ArgMin", "Mean", "ReduceMax", "ReduceMin", "Sum"),
    "reshape": ("Reshape",),
    "resize": ("ResizeBilinear", "ResizeNearestNeighbor"),
    "signal": ("Rfft2D",),
    "slicing": ("Gather", "GatherNd", "Slice", "StridedSlice"),
    "softmax": ("LogSoftmax", "Softmax"),
    "stacking": ("Pack", "Unpack"),
    "transpose_convolution": ("TransposeConv",),
}

MODULE_OF = {name: f"{__name__}.{module}" for module, names in _FAMILIES.items() for name in names}


def is_operation(value: object) -> bool:
    """Whether `value` is an operation of this set."""
    # Its class exists, so its family is imported; the others need not be.
    return any(MODULE_OF.get(base.__name__) == base.__module__ for base in type(value).__mro__)


# Hidden from type checkers, which would take any name for one that exists.
if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        if name not in MODULE_OF:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        globals()[name] = value = getattr(import_module(MODULE_OF[name]), name)
        return value

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})


__all__ = [
    "Abs",
    "Add",
    "AnyOperation",
    "ArgMax",
    "ArgMin",
    "AveragePool2D",
    "BatchToSpaceNd",
    "Cast",
    "ComplexAbs",
    "Concatenation",
    "Conv2D",
    "DepthToSpace",
    "DepthwiseConv2D",
    "Dequantize",
    "DetectionPostProcess",
    "Div",
    "Elu",
    "EmbeddingLookup",
    "Exp",
    "ExpandDims",
    "Floor",
    "FloorDiv",
    "FullyConnected",
    "Gather",
    "GatherNd",
    "HardSwish",
    "HashtableLookup",
    "L2Normalization",
    "L2Pool2D",
    "LeakyRelu",
    "LocalResponseNormalization",
    "Log",
    "LogSoftmax",
    "Logistic",
    "LshProjection",
    "MaxPool2D",
    "Maximum",
    "Mean",
    "Minimum",
    "MirrorPad",
    "Mul",
    "Neg",
    "Pack",
    "Pad",
    "PadV2",
    "Prelu",
    "Quantize",
    "ReduceMax",
    "ReduceMin",
    "Relu",
    "Relu6",
    "ReluN1To1",
    "Reshape",
    "ResizeBilinear",
    "ResizeNearestNeighbor",
    "Rfft2D",
    "Rnn",
    "Rsqrt",
    "ShapeOf",
    "Slice",
    "Softmax",
    "SpaceToBatchNd",
    "SpaceToDepth",
    "Split",
    "SplitV",
    "Sqrt",
    "SquaredDifference",
    "Squeeze",
    "StridedSlice",
    "Sub",
    "Sum",
    "Svdf",
    "Tanh",
    "Tile",
    "Transpose",
    "TransposeConv",
    "UnidirectionalSequenceLstm",
    "Unpack",
]
