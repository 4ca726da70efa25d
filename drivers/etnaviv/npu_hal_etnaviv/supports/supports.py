"""The answer to "can the NPU run this operation"."""

from collections.abc import Callable
from typing import Any

from npu_hal.api import (
    Add,
    AnyOperation,
    AveragePool2D,
    Concatenation,
    Conv2D,
    DepthwiseConv2D,
    FullyConnected,
    Graph,
    Mean,
    Operation,
    Pad,
    Quantize,
    Relu,
    Relu6,
    Reshape,
    Split,
    Support,
)
from npu_hal_etnaviv.hardware.npu_core import NpuCore
from npu_hal_etnaviv.supports.addition import check_add
from npu_hal_etnaviv.supports.averaging import check_average_pool, check_mean
from npu_hal_etnaviv.supports.elementwise import check_quantize, check_relu
from npu_hal_etnaviv.supports.joining import check_concatenation, check_split
from npu_hal_etnaviv.supports.padding import check_pad
from npu_hal_etnaviv.supports.refusal import Refusal, require
from npu_hal_etnaviv.supports.reshape import check_reshape
from npu_hal_etnaviv.supports.weighted_sum import check_convolution, check_fully_connected

CHECKS: dict[type[Operation], Callable[[Any, Graph, NpuCore], None]] = {
    Conv2D: check_convolution,
    DepthwiseConv2D: check_convolution,
    FullyConnected: check_fully_connected,
    Add: check_add,
    Concatenation: check_concatenation,
    Split: check_split,
    Pad: check_pad,
    Reshape: check_reshape,
    AveragePool2D: check_average_pool,
    Mean: check_mean,
    Relu: check_relu,
    Relu6: check_relu,
    Quantize: check_quantize,
}
"""The rules of each kind, which raise Refusal. What they accept, `npu_hal_etnaviv.lowering` can lower."""


def supports(operation: AnyOperation, graph: Graph, core: NpuCore) -> Support:
    """Whether the core runs the operation, or why not."""
    check = CHECKS.get(type(operation))
    if check is None:
        return Support.no(f"the NPU has no way to compute {operation.kind}")
    try:
        require(core.can_reorder, f"the TP unit of {core.name} cannot rearrange tensors, which graphs need")
        check(operation, graph, core)
    except Refusal as refusal:
        return Support.no(str(refusal))
    return Support.yes()
