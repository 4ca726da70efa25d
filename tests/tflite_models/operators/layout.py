"""Operations that join, part, pad, permute, repeat or reshape whole tensors."""

from collections.abc import Sequence

import tflite

from npu_hal.api import (
    AnyOperation,
    BatchToSpaceNd,
    Concatenation,
    DepthToSpace,
    ExpandDims,
    MirrorPad,
    Pack,
    Pad,
    PadV2,
    Reshape,
    ShapeOf,
    SpaceToBatchNd,
    SpaceToDepth,
    Split,
    SplitV,
    Squeeze,
    Tensor,
    Tile,
    Transpose,
    Unpack,
)

from ..file_parts import TENSOR_TYPES
from .arguments import AddConstant, OperatorArguments, fused_activation


def layout_arguments(
    operation: AnyOperation, tensors: Sequence[Tensor], constant: AddConstant
) -> OperatorArguments | None:
    """None for kinds of other families."""
    match operation:
        case Concatenation():
            options = {"Axis": operation.axis, **fused_activation(operation.activation)}
            return OperatorArguments(operation.inputs, "ConcatenationOptions", options)
        case Pack():
            options = {"ValuesCount": len(operation.packed), "Axis": operation.axis}
            return OperatorArguments(operation.inputs, "PackOptions", options)
        case Split():
            inputs = [constant(operation.axis), operation.input]
            return OperatorArguments(inputs, "SplitOptions", {"NumSplits": len(operation.parts)})
        case SplitV():
            inputs = [*operation.inputs, constant(operation.sizes), constant(operation.axis)]
            return OperatorArguments(inputs, "SplitVOptions", {"NumSplits": len(operation.parts)})
        case Unpack():
            options = {"Num": len(operation.slices), "Axis": operation.axis}
            return OperatorArguments(operation.inputs, "UnpackOptions", options)
        case Pad():
            return OperatorArguments([*operation.inputs, constant(operation.paddings)], "PadOptions")
        case PadV2():
            return OperatorArguments([operation.input, constant(operation.paddings), operation.value])
        case MirrorPad():
            mode = tflite.MirrorPadMode.SYMMETRIC if operation.symmetric else tflite.MirrorPadMode.REFLECT
            inputs = [*operation.inputs, constant(operation.paddings)]
            return OperatorArguments(inputs, "MirrorPadOptions", {"Mode": mode})
        case Tile():
            return OperatorArguments([*operation.inputs, constant(operation.multiples)])
        case Transpose():
            return OperatorArguments([*operation.inputs, constant(operation.permutation)], "TransposeOptions")
        case Reshape():
            inputs = [*operation.inputs, constant(operation.shape)]
            return OperatorArguments(inputs, "ReshapeOptions", {"NewShape": operation.shape})
        case Squeeze():
            return OperatorArguments(operation.inputs, "SqueezeOptions", {"SqueezeDims": operation.axes})
        case ExpandDims():
            return OperatorArguments([*operation.inputs, constant(operation.axis)])
        case ShapeOf():
            options = {"OutType": TENSOR_TYPES[tensors[operation.output].dtype]}
            return OperatorArguments(operation.inputs, "ShapeOptions", options)
        case DepthToSpace() | SpaceToDepth():
            options = {"BlockSize": operation.block_size}
            return OperatorArguments(operation.inputs, f"{type(operation).__name__}Options", options)
        case SpaceToBatchNd():
            return OperatorArguments([*operation.inputs, constant(operation.block_shape), constant(operation.paddings)])
        case BatchToSpaceNd():
            return OperatorArguments([*operation.inputs, constant(operation.block_shape), constant(operation.crops)])
        case _:
            return None
