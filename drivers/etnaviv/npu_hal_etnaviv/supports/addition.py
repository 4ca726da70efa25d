"""ADD."""

from npu_hal.api import Add, Graph
from npu_hal_etnaviv.hardware.npu_core import NpuCore
from npu_hal_etnaviv.lowering.addition import addition_rescale, operand_weights
from npu_hal_etnaviv.lowering.shape import image_shape
from npu_hal_etnaviv.lowering.unsigned import unsigned_quantization
from npu_hal_etnaviv.supports.common import require_activation, require_flat_image, require_image, require_rescale
from npu_hal_etnaviv.supports.limits import MOST_CHANNELS
from npu_hal_etnaviv.supports.refusal import require

LARGEST_WEIGHT_ERROR = 0.25
"""Output steps by which 8-bit weights in the ratio of the operands' scales may miss."""

VALUES = 256


def check_add(operation: Add, graph: Graph, core: NpuCore) -> None:
    """Two computed tensors of one shape, whose scales' ratio 8-bit weights can express."""
    first, second = graph.tensors[operation.lhs], graph.tensors[operation.rhs]
    target = graph.tensors[operation.output]
    for tensor in (first, second, target):
        require_image(tensor)
    require(
        first.shape == second.shape,
        f"its operands have shapes {list(first.shape)} and {list(second.shape)}, and the NPU adds equal ones",
    )
    shape = image_shape(target.shape)
    if core.generation == 7:
        require_flat_image(target)
    require(2 * shape.channels <= MOST_CHANNELS, f"its operands have {shape.channels} channels, which is too many")
    scales = [unsigned_quantization(tensor).scale for tensor in (first, second, target)]
    weights = operand_weights(scales[0], scales[1])
    error = VALUES * weights.relative_error * scales[1] / scales[2]
    require(
        error <= LARGEST_WEIGHT_ERROR,
        f"its operands' scales {scales[0]:.3g} and {scales[1]:.3g} differ more than the NPU's 8-bit weights can",
    )
    require_rescale(addition_rescale(scales[0], weights, scales[2]), core)
    require_activation(operation.activation, graph, operation.output)
