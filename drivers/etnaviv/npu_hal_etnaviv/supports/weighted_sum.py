"""CONV_2D, DEPTHWISE_CONV_2D and FULLY_CONNECTED."""

from npu_hal.api import Conv2D, DepthwiseConv2D, FullyConnected, Graph, Tensor, resolve_padding
from npu_hal_etnaviv.hardware.npu_core import NpuCore
from npu_hal_etnaviv.lowering.stride import common_stride
from npu_hal_etnaviv.lowering.unsigned import is_per_tensor
from npu_hal_etnaviv.lowering.weighted_sum import rescale
from npu_hal_etnaviv.supports.common import require_8_bit, require_activation, require_image, require_rescale
from npu_hal_etnaviv.supports.limits import LARGEST_SIDE, MOST_CHANNELS, most_input_channels
from npu_hal_etnaviv.supports.refusal import require
from npu_hal_etnaviv.supports.window import check_window


def check_convolution(operation: Conv2D | DepthwiseConv2D, graph: Graph, core: NpuCore) -> None:
    """Per-tensor constant weights, no dilation, stride 1 or 2, one group, a kernel that the core takes."""
    tensors = graph.tensors
    source, weights, target = tensors[operation.input], tensors[operation.filter], tensors[operation.output]
    require_image(source)
    require_image(target)
    _require_weights(weights, operation.bias, graph)
    require(
        operation.dilations == (1, 1) or weights.shape[1:3] == (1, 1),
        f"it is dilated by {operation.dilation_height}x{operation.dilation_width}, and the NPU does not dilate",
    )
    is_depthwise = isinstance(operation, DepthwiseConv2D)
    if isinstance(operation, Conv2D):
        groups = operation.groups(tensors)
        require(groups == 1, f"its channels are in {groups} groups, and the NPU convolves all or each alone")
    elif operation.depth_multiplier > 1:
        require(
            source.shape[3] == 1,
            f"it makes {operation.depth_multiplier} outputs of each of {source.shape[3]} channels; the NPU makes one, "
            f"unless there is one channel",
        )
        is_depthwise = False
    stride = common_stride(operation.strides, (target.shape[1], target.shape[2]))
    require(
        stride in (1, 2),
        f"its stride is {operation.stride_height}x{operation.stride_width}, and the NPU takes 1x1 and 2x2",
    )
    kernel = (weights.shape[1], weights.shape[2])
    padding = resolve_padding(operation.padding, (source.shape[1], source.shape[2]), kernel, operation.strides)
    check_window(
        core,
        kernel=kernel,
        stride=stride or 1,
        before=(padding.top, padding.left),
        source=source,
        target=target,
        is_depthwise=is_depthwise,
    )
    require_rescale(rescale(graph, operation.input, operation.filter, operation.output), core)
    require_activation(operation.activation, graph, operation.output)


def check_fully_connected(operation: FullyConnected, graph: Graph, core: NpuCore) -> None:
    """Per-tensor constant weights; the rows of the input are the positions of an image."""
    tensors = graph.tensors
    source, weights, target = tensors[operation.input], tensors[operation.weights], tensors[operation.output]
    require_8_bit(source)
    require_8_bit(target)
    _require_weights(weights, operation.bias, graph)
    outputs, depth = weights.shape
    rows = source.size // depth
    require(rows <= LARGEST_SIDE, f"its input has {rows} rows, and the NPU takes at most {LARGEST_SIDE}")
    require(
        depth <= min(most_input_channels(core), MOST_CHANNELS),
        f"it has {depth} inputs, and the NPU takes at most {min(most_input_channels(core), MOST_CHANNELS)}",
    )
    require(outputs <= MOST_CHANNELS, f"it has {outputs} outputs, and the NPU takes at most {MOST_CHANNELS}")
    require_rescale(rescale(graph, operation.input, operation.weights, operation.output), core)
    require_activation(operation.activation, graph, operation.output)


def _require_weights(weights: Tensor, bias: int | None, graph: Graph) -> None:
    require(weights.is_constant, f"its weights {weights.name} are computed, and the NPU takes constants")
    require(weights.size > 0, f"its weights {weights.name} are empty")
    quantization = weights.affine()
    require(
        is_per_tensor(quantization),
        f"its weights {weights.name} have {len(quantization.scales)} scales, one for each output channel, and the NPU "
        f"takes one scale",
    )
    require(quantization.scales[0] > 0, f"its weights {weights.name} have a scale of 0")
    if bias is not None:
        require(
            graph.tensors[bias].is_constant,
            f"its bias {graph.tensors[bias].name} is computed, and the NPU takes constants",
        )
