"""Space-to-depth as Mesa does it (hardware note, sections 3 and 8)."""

from npu_hal.api import Conv2D, DepthwiseConv2D, Graph, Padding
from npu_hal_etnaviv.hardware.npu_core import NpuCore
from npu_hal_etnaviv.jobs.image import PLANAR, Image
from npu_hal_etnaviv.jobs.tp_job import SpaceToDepth
from npu_hal_etnaviv.mesa_compatibility.stride_rules import StridedConvolution, is_pooled, is_rearranged
from npu_hal_etnaviv.programming.tp_split import shares_space_to_depth

LARGE_KERNEL = 5


def strided(operation: Conv2D | DepthwiseConv2D, graph: Graph) -> StridedConvolution:
    """What Mesa's rules for stride 2 look at."""
    shape, kernel = graph.tensors[operation.input].shape, graph.tensors[operation.filter].shape
    return StridedConvolution(
        rows=shape[1],
        channels=shape[3],
        is_depthwise=isinstance(operation, DepthwiseConv2D),
        is_pointwise=kernel[1:3] == (1, 1),
        is_same=operation.padding is Padding.SAME,
    )


def reads_rearranged(operation: Conv2D | DepthwiseConv2D, graph: Graph, core: NpuCore) -> bool:
    """Whether Mesa rearranges the operation's input."""
    return operation.stride_height > 1 and is_rearranged(strided(operation, graph), core)


def pools(operation: Conv2D | DepthwiseConv2D, graph: Graph, core: NpuCore) -> bool:
    """Whether Mesa does the stride by first-pixel pooling."""
    return operation.stride_height > 1 and is_pooled(strided(operation, graph), core)


def rewrites_weights(operation: Conv2D | DepthwiseConv2D, graph: Graph, core: NpuCore) -> bool:
    """Whether Mesa rewrites the weights for a rearranged input, which for V7 depthwise it may not have rearranged."""
    return operation.stride_height > 1 and not pools(operation, graph, core)


def rearranged_size(operation: Conv2D | DepthwiseConv2D, graph: Graph) -> tuple[int, int]:
    """Second and third dimension of the rearranged input."""
    shape, kernel = graph.tensors[operation.input].shape, graph.tensors[operation.filter].shape
    extra = 0
    if operation.padding is Padding.SAME:
        extra = 2 if kernel[1] == LARGE_KERNEL else 1
    return -(-shape[1] // 2) + extra, -(-shape[2] // 2) + extra


def rearranging_job(operation: Conv2D | DepthwiseConv2D, graph: Graph, core: NpuCore, source: Image) -> SpaceToDepth:
    """The job. Mesa takes the longer side of the input for its width, and the padding of x from the rows."""
    rows, columns, channels = source.height, source.width, source.channels
    output_rows, output_columns = rearranged_size(operation, graph)
    pads = (0, 0)
    if operation.padding is Padding.SAME:
        large = int(graph.tensors[operation.filter].shape[1] == LARGE_KERNEL)
        pads = large + rows % 2, large + columns % 2
    target = Image(
        f"{source.name}, rearranged",
        output_rows,
        output_columns,
        4 * channels,
        PLANAR,
        source.zero_point,
        source.scale,
    )
    return SpaceToDepth(
        input=source,
        output=target,
        channels=channels,
        height=min(rows, columns),
        width=max(rows, columns),
        row_stride=columns,
        output_height=min(output_rows, output_columns),
        output_width=max(output_rows, output_columns),
        top=pads[1],
        left=pads[0],
        cores=core.tp_core_count if shares_space_to_depth(rows, channels) else 1,
    )
