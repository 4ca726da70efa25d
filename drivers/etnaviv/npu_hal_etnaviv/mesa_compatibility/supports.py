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
    Padding,
    Split,
    Support,
    Tensor,
)
from npu_hal_etnaviv.hardware.npu_core import NpuCore
from npu_hal_etnaviv.lowering.weighted_sum import rescale
from npu_hal_etnaviv.supports.common import require_8_bit, require_image, require_rescale
from npu_hal_etnaviv.supports.limits import MOST_CHANNELS, largest_kernel
from npu_hal_etnaviv.supports.refusal import Refusal, require
from npu_hal_etnaviv.weights.add_as_convolution import addition_scales
from npu_hal_etnaviv.weights.quantised_multiplier import float32_product_scale

CHANNEL_AXIS = 3
LARGEST_RELU6 = 6.0
PADDINGS = ((0, 0), (1, 1), (1, 1), (0, 0))


def supports_as_mesa(operation: AnyOperation, graph: Graph, core: NpuCore) -> Support:
    """Whether Mesa's driver runs the operation, or why not."""
    try:
        require(core.can_reorder, f"the TP unit of {core.name} cannot rearrange tensors")
        for index in (*_computed_inputs(operation), *operation.outputs):
            require_8_bit(graph.tensors[index])
            is_batch = graph.tensors[index].rank == CHANNEL_AXIS + 1 and graph.tensors[index].shape[0] > 1
            require(not is_batch, "Mesa takes one image")
        match operation:
            case Conv2D() | DepthwiseConv2D():
                _check_convolution(operation, graph, core)
            case FullyConnected():
                _check_fully_connected(operation, graph, core)
            case Add():
                _check_addition(operation, graph, core)
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


def _computed_inputs(operation: AnyOperation) -> tuple[int, ...]:
    """The inputs that are no weights and no bias."""
    if isinstance(operation, Conv2D | DepthwiseConv2D | FullyConnected):
        return (operation.input,)
    return operation.inputs


def _check_convolution(operation: Conv2D | DepthwiseConv2D, graph: Graph, core: NpuCore) -> None:
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
    require(operation.dilations == (1, 1), "Mesa does not dilate")
    require(operation.strides in ((1, 1), (2, 2)), "Mesa takes strides of 1 and 2 only")
    if isinstance(operation, Conv2D):
        require(operation.groups(tensors) == 1, "Mesa takes one group of channels")
    else:
        require(operation.depth_multiplier == 1, "Mesa takes one output a channel")
    require(isinstance(operation.padding, Padding), "Mesa pads by SAME and VALID only")
    require_image(source)
    require_image(target)
    largest_rows, largest_columns = largest_kernel(core)
    require(
        weights.shape[1] <= largest_rows and weights.shape[2] <= largest_columns,
        f"its kernel is {weights.shape[1]}x{weights.shape[2]}, and the NPU takes {largest_rows}x{largest_columns}",
    )
    require_rescale(rescale(graph, operation.input, operation.filter, operation.output), core)
    quantization = target.affine()
    largest = (target.dtype.integer_range[1] - quantization.zero_point) * quantization.scale
    require(
        operation.activation in (Activation.NONE, Activation.RELU)
        or (operation.activation is Activation.RELU6 and largest <= LARGEST_RELU6),
        f"Mesa does not limit the output by {operation.activation}",
    )


def _check_addition(operation: Add, graph: Graph, core: NpuCore) -> None:
    first, second, target = (graph.tensors[index] for index in (operation.lhs, operation.rhs, operation.output))
    require(first.shape == second.shape and first.rank == CHANNEL_AXIS + 1, "Mesa adds images of one shape only")
    scales = addition_scales(first.affine().scale, 0, second.affine().scale, 0)
    factor = float32_product_scale(first.affine().scale, float(scales.weight_scale), target.affine().scale)
    require_rescale(float(factor), core)


def _check_fully_connected(operation: FullyConnected, graph: Graph, core: NpuCore) -> None:
    tensors = graph.tensors
    weights = tensors[operation.weights]
    require(weights.is_constant and operation.bias is not None, "Mesa takes constant weights and a bias")
    require(not weights.affine().is_per_axis, "this driver does not follow Mesa in weights quantised per axis")
    require(tensors[operation.input].size == weights.shape[1], "Mesa takes one row of inputs")
    require(max(weights.shape) <= MOST_CHANNELS, f"{weights.name} is too large")
    require_rescale(rescale(graph, operation.input, operation.weights, operation.output), core)


def _check_parts(parts: list[Tensor], axis: int) -> None:
    require(
        axis == CHANNEL_AXIS and parts[0].rank == CHANNEL_AXIS + 1,
        f"Mesa joins and splits channels of images only, not axis {axis}",
    )
    require(len({part.shape for part in parts}) == 1, "Mesa takes parts of equal size only")
