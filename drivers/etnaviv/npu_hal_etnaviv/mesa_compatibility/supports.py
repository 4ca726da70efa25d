"""What Mesa's driver accepts (hardware note, section 3)."""

from npu_hal.api import (
    Activation,
    Add,
    AnyOperation,
    Concatenation,
    Conv2D,
    DepthwiseConv2D,
    FullyConnected,
    Graph,
    Pad,
    Split,
    Support,
    Tensor,
)
from npu_hal_etnaviv.hardware.npu_core import NpuCore
from npu_hal_etnaviv.supports.refusal import Refusal, require

CHANNEL_AXIS = 3
LARGEST_RELU6 = 6.0
PADDINGS = ((0, 0), (1, 1), (1, 1), (0, 0))


def supports_as_mesa(operation: AnyOperation, graph: Graph, core: NpuCore) -> Support:
    """Whether Mesa's driver runs the operation, or why not."""
    try:
        require(core.can_reorder, f"the TP unit of {core.name} cannot rearrange tensors")
        for index in operation.outputs:
            require(graph.tensors[index].dtype.is_quantised8, f"{graph.tensors[index].name} is not of 8 bits")
        match operation:
            case Conv2D() | DepthwiseConv2D():
                _check_convolution(operation, graph)
            case FullyConnected():
                _check_fully_connected(operation, graph)
            case Add():
                for index in operation.inputs:
                    require(not graph.tensors[index].is_constant, "Mesa adds computed tensors only")
                require(
                    graph.tensors[operation.lhs].shape == graph.tensors[operation.rhs].shape
                    and graph.tensors[operation.lhs].rank == CHANNEL_AXIS + 1,
                    "Mesa adds images of one shape only",
                )
            case Concatenation():
                _check_parts([graph.tensors[index] for index in operation.concatenated], operation.axis)
            case Split():
                _check_parts([graph.tensors[index] for index in operation.parts], operation.axis)
            case Pad():
                require(operation.paddings == PADDINGS, "Mesa pads by one row and column on each side only")
            case _:
                raise Refusal(f"Mesa does not run {operation.kind}")
    except Refusal as refusal:
        return Support.no(str(refusal))
    return Support.yes()


def _check_convolution(operation: Conv2D | DepthwiseConv2D, graph: Graph) -> None:
    tensors = graph.tensors
    source, weights, target = tensors[operation.input], tensors[operation.filter], tensors[operation.output]
    require(weights.is_constant and operation.bias is not None, "Mesa takes constant weights and a bias")
    require(not weights.affine().is_per_axis, "Mesa does not take weights quantised per axis")
    bias = tensors[operation.bias] if operation.bias is not None else weights
    require(bias.is_constant, "Mesa takes a constant bias")
    require(
        bias.quantization is None or not bias.quantization.is_per_axis,
        "Mesa does not take a bias quantised per axis",
    )
    require(source.shape[0] == 1, "Mesa takes one image")
    require(operation.dilations == (1, 1), "Mesa does not dilate")
    require(operation.strides in ((1, 1), (2, 2)), "Mesa takes strides of 1 and 2 only")
    if isinstance(operation, Conv2D):
        require(operation.groups(tensors) == 1, "Mesa takes one group of channels")
    else:
        require(operation.depth_multiplier == 1, "Mesa takes one output a channel")
    quantization = target.affine()
    largest = (target.dtype.integer_range[1] - quantization.zero_point) * quantization.scale
    require(
        operation.activation in (Activation.NONE, Activation.RELU)
        or (operation.activation is Activation.RELU6 and largest <= LARGEST_RELU6),
        f"Mesa does not limit the output by {operation.activation}",
    )


def _check_fully_connected(operation: FullyConnected, graph: Graph) -> None:
    tensors = graph.tensors
    weights = tensors[operation.weights]
    require(weights.is_constant and operation.bias is not None, "Mesa takes constant weights and a bias")
    require(not weights.affine().is_per_axis, "this driver does not follow Mesa in weights quantised per axis")
    require(tensors[operation.input].size == weights.shape[1], "Mesa takes one row of inputs")


def _check_parts(parts: list[Tensor], axis: int) -> None:
    require(
        axis == CHANNEL_AXIS and parts[0].rank == CHANNEL_AXIS + 1,
        f"Mesa joins and splits channels of images only, not axis {axis}",
    )
    require(len({part.shape for part in parts}) == 1, "Mesa takes parts of equal size only")
