"""Operations that pick a region or single elements of a tensor."""

from collections.abc import Sequence

from npu_hal.api import AnyOperation, EmbeddingLookup, Gather, GatherNd, Slice, StridedSlice, Tensor

from .arguments import AddConstant, OperatorArguments


def slicing_arguments(
    operation: AnyOperation, tensors: Sequence[Tensor], constant: AddConstant
) -> OperatorArguments | None:
    """None for kinds of other families."""
    match operation:
        case Slice():
            return OperatorArguments([*operation.inputs, constant(operation.begin), constant(operation.sizes)])
        case StridedSlice():
            # An end of -1 would count from the back; a masked one is as far as the stride goes.
            ends = [
                begin + size * stride
                for begin, size, stride in zip(operation.begin, operation.sizes, operation.strides, strict=True)
            ]
            inputs = [*operation.inputs, constant(operation.begin), constant(ends), constant(operation.strides)]
            options = {"EndMask": sum(1 << axis for axis, end in enumerate(ends) if end < 0)}
            return OperatorArguments(inputs, "StridedSliceOptions", options)
        case Gather():
            options = {"Axis": operation.axis, "BatchDims": operation.batch_dims}
            return OperatorArguments(operation.inputs, "GatherOptions", options)
        case GatherNd() | EmbeddingLookup():
            return OperatorArguments(operation.inputs)
        case _:
            return None
