from npu_hal.api import AnyOperation, Graph, Support
from npu_hal_etnaviv.hardware.npu_core import NpuCore


def supports_as_mesa(operation: AnyOperation, graph: Graph, core: NpuCore) -> Support:
    return Support.no("not yet")
