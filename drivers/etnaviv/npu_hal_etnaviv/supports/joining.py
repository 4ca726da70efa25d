"""CONCATENATION and SPLIT."""

from npu_hal.api import Activation, Concatenation, Graph, Split
from npu_hal_etnaviv.hardware.npu_core import NpuCore
from npu_hal_etnaviv.lowering.joining import joining_layout
from npu_hal_etnaviv.lowering.unsigned import unsigned_quantization
from npu_hal_etnaviv.supports.common import require_8_bit
from npu_hal_etnaviv.supports.elementwise import check_rescaling
from npu_hal_etnaviv.supports.refusal import require


def check_concatenation(operation: Concatenation, graph: Graph, core: NpuCore) -> None:
    """Computed tensors along an axis in which they lie one after the other."""
    target = graph.tensors[operation.output]
    require_8_bit(target)
    _require_axis(target.shape, operation.axis)
    require(
        operation.activation is Activation.NONE,
        f"it has a fused {operation.activation}, and the NPU only places its inputs",
    )
    for index in operation.concatenated:
        source = graph.tensors[index]
        require_8_bit(source)
        if unsigned_quantization(source) != unsigned_quantization(target):
            check_rescaling(source, target, core)


def check_split(operation: Split, graph: Graph, core: NpuCore) -> None:
    """A computed tensor along an axis in which its parts lie one after the other."""
    del core
    require_8_bit(graph.tensors[operation.input])
    for index in operation.parts:
        require_8_bit(graph.tensors[index])
    _require_axis(graph.tensors[operation.input].shape, operation.axis)


def _require_axis(shape: tuple[int, ...], axis: int) -> None:
    require(
        joining_layout(shape, axis) is not None,
        f"axis {axis} of {list(shape)} is neither the channels nor the first that is not 1",
    )
