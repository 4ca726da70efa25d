from npu_hal.api import Graph
from npu_hal_etnaviv.hardware.npu_core import NpuCore
from npu_hal_etnaviv.jobs.job import Program


def lower_as_mesa(graph: Graph, core: NpuCore) -> Program:
    raise NotImplementedError
