"""Compiling a graph: lowering, coding, placing. What comes out knows no addresses yet."""

from dataclasses import dataclass

from npu_hal.api import Graph
from npu_hal_etnaviv.coefficients.compatibility import Compatibility
from npu_hal_etnaviv.hardware.npu_core import NpuCore
from npu_hal_etnaviv.job_geometry.sram_caching import SramCaching
from npu_hal_etnaviv.jobs.job import Program
from npu_hal_etnaviv.jobs.nn_job import NNJob
from npu_hal_etnaviv.jobs.tp_job import TPJob
from npu_hal_etnaviv.lowering.lower import lower
from npu_hal_etnaviv.mesa_compatibility.lower import lower_as_mesa
from npu_hal_etnaviv.placement.memory_plan import MemoryPlan, plan_memory
from npu_hal_etnaviv.programming.coefficients import Coefficients, encode_coefficients
from npu_hal_etnaviv.programming.geometry import Cut, cache_job, cut_job


@dataclass(frozen=True, slots=True)
class CompiledNNJob:
    """An NN job with everything but addresses."""

    job: NNJob
    cut: Cut
    coefficients: Coefficients
    caching: SramCaching


CompiledJob = CompiledNNJob | TPJob


@dataclass(frozen=True, slots=True)
class CompiledGraph:
    """A program whose jobs are cut and coded, and whose images have places."""

    program: Program
    jobs: tuple[CompiledJob, ...]
    memory: MemoryPlan


def compile_graph(graph: Graph, core: NpuCore, compatibility: Compatibility) -> CompiledGraph:
    """Compile a graph of accepted operations."""
    program = lower_as_mesa(graph, core) if compatibility is Compatibility.MESA else lower(graph, core)
    jobs = tuple(
        _compile_nn_job(job, core, compatibility) if isinstance(job, NNJob) else job for job in program.jobs
    )
    return CompiledGraph(program, jobs, plan_memory(program))


def _compile_nn_job(job: NNJob, core: NpuCore, compatibility: Compatibility) -> CompiledNNJob:
    cut = cut_job(job, core)
    coefficients = encode_coefficients(job, core, cut.superblock_kernels, compatibility)
    return CompiledNNJob(job, cut, coefficients, cache_job(job, cut, core, coefficients.cached_bytes))
