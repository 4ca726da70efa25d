"""AVERAGE_POOL_2D and MEAN."""

from npu_hal.api import AveragePool2D, Graph, Mean, Tensor, resolve_padding
from npu_hal_etnaviv.hardware.npu_core import NpuCore
from npu_hal_etnaviv.lowering.averaging import averaging_factor
from npu_hal_etnaviv.lowering.global_average import averages_stacked_channels
from npu_hal_etnaviv.lowering.shape import image_shape
from npu_hal_etnaviv.lowering.stride import common_stride
from npu_hal_etnaviv.lowering.unsigned import unsigned_quantization
from npu_hal_etnaviv.supports.common import require_activation, require_image, require_rescale
from npu_hal_etnaviv.supports.refusal import require
from npu_hal_etnaviv.supports.window import check_kernel, check_window

SPATIAL_AXES = (1, 2)
IMAGE_RANK = 4


def check_average_pool(operation: AveragePool2D, graph: Graph, core: NpuCore) -> None:
    """Windows that lie within the image: weights cannot depend on how much of a window does."""
    source, target = graph.tensors[operation.input], graph.tensors[operation.output]
    require_image(source)
    require_image(target)
    padding = resolve_padding(
        operation.padding, (source.shape[1], source.shape[2]), operation.filter_hw, operation.strides
    )
    require(
        not any((padding.top, padding.bottom, padding.left, padding.right)),
        "its windows reach beyond the image, and the NPU cannot leave positions out of a mean",
    )
    stride = common_stride(operation.strides, (target.shape[1], target.shape[2]))
    require(
        stride in (1, 2),
        f"its stride is {operation.stride_height}x{operation.stride_width}, and the NPU takes 1x1 and 2x2",
    )
    _check_windows(core, operation.filter_hw, stride or 1, source, target)
    require(
        unsigned_quantization(source) == unsigned_quantization(target),
        "its input and output differ in quantisation, which an average of stored values does not change",
    )
    scales = unsigned_quantization(source).scale, unsigned_quantization(target).scale
    require_rescale(averaging_factor(operation.filter_hw, *scales), core)
    require_activation(operation.activation, graph, operation.output)


def check_mean(operation: Mean, graph: Graph, core: NpuCore) -> None:
    """The mean over height and width of an image that is no larger than a kernel."""
    source, target = graph.tensors[operation.input], graph.tensors[operation.output]
    require(
        source.rank == IMAGE_RANK and operation.axes == SPATIAL_AXES,
        f"it reduces axes {list(operation.axes)} of {list(source.shape)}, and the NPU height and width of an image",
    )
    require_image(source)
    require_image(target)
    window = (source.shape[1], source.shape[2])
    averaged = target.model_copy(update={"shape": (1, 1, 1, source.shape[3])})
    _check_windows(core, window, 1, source, averaged)
    scales = unsigned_quantization(source).scale, unsigned_quantization(target).scale
    require_rescale(averaging_factor(window, *scales), core)


def _check_windows(core: NpuCore, window: tuple[int, int], stride: int, source: Tensor, target: Tensor) -> None:
    if averages_stacked_channels(core, image_shape(source.shape), window):
        check_kernel(core, window)
        return
    check_window(core, kernel=window, stride=stride, before=(0, 0), source=source, target=target, is_depthwise=True)
