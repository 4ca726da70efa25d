"""RESHAPE."""

from npu_hal.api import Graph, Reshape
from npu_hal_etnaviv.hardware.npu_core import NpuCore
from npu_hal_etnaviv.supports.common import require_8_bit


def check_reshape(operation: Reshape, graph: Graph, core: NpuCore) -> None:
    """Any shape: the bytes stay where they are."""
    del core
    require_8_bit(graph.tensors[operation.input])
    require_8_bit(graph.tensors[operation.output])
