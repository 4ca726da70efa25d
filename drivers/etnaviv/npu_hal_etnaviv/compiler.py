"""Compiling a graph: lowering, coding, placing. What comes out knows no addresses yet."""

from collections.abc import Callable
from dataclasses import dataclass

from npu_hal.api import Graph
from npu_hal_etnaviv.coefficients.compatibility import Compatibility
from npu_hal_etnaviv.hardware.npu_core import NpuCore
from npu_hal_etnaviv.job_geometry.sram_caching import SramCaching
from npu_hal_etnaviv.jobs.image import Image
from npu_hal_etnaviv.jobs.job import Program
from npu_hal_etnaviv.jobs.nn_job import NNJob
from npu_hal_etnaviv.jobs.tp_job import TPJob
from npu_hal_etnaviv.lowering.lower import lower
from npu_hal_etnaviv.mesa_compatibility.coefficients import encode_as_mesa
from npu_hal_etnaviv.mesa_compatibility.job import MesaJob
from npu_hal_etnaviv.mesa_compatibility.lower import lower_as_mesa
from npu_hal_etnaviv.mesa_compatibility.nn_config import with_mesa_fields
from npu_hal_etnaviv.placement.memory_plan import MemoryPlan, plan_memory
from npu_hal_etnaviv.programming.coefficients import Coefficients, encode_coefficients
from npu_hal_etnaviv.programming.geometry import Cut, cache_job, cut_job
from npu_hal_etnaviv.programming.nn_config import nn_config
from npu_hal_etnaviv.serialisation import StoredCoefficients, serialise


@dataclass(frozen=True, slots=True)
class CompiledNNJob:
    """An NN job with everything but addresses."""

    job: NNJob
    cut: Cut
    coefficients: Coefficients
    caching: SramCaching

    def config(self, core: NpuCore, coefficients: int, address_of: Callable[[Image], int]) -> dict[str, int]:
        """The fields of the job's config; `coefficients` is the address of the coefficient buffer."""
        fields = nn_config(self.job, self.cut, self.caching, core, coefficients, address_of)
        return with_mesa_fields(fields, self.job, core) if isinstance(self.job, MesaJob) else fields


CompiledJob = CompiledNNJob | TPJob


@dataclass(frozen=True, slots=True)
class CompiledGraph:
    """A program whose jobs are cut and coded, and whose images have places."""

    program: Program
    jobs: tuple[CompiledJob, ...]
    memory: MemoryPlan


def compile_graph(
    graph: Graph, core: NpuCore, compatibility: Compatibility, stored: StoredCoefficients | None = None
) -> CompiledGraph:
    """Compile a graph of accepted operations; `stored` are its coefficients, if they were encoded before.

    Raises InvalidInput if those are another graph's.
    """
    program = lower_as_mesa(graph, core) if compatibility is Compatibility.MESA else lower(graph, core)
    jobs = tuple(_compile_nn_job(job, core, stored) if isinstance(job, NNJob) else job for job in program.jobs)
    if stored is not None:
        stored.require_all_taken()
    return CompiledGraph(program, jobs, plan_memory(program))


def serialise_graph(compiled: CompiledGraph, core: NpuCore) -> bytes:
    """What `StoredCoefficients` reads."""
    nn_jobs = [job for job in compiled.jobs if isinstance(job, CompiledNNJob)]
    return serialise([(job.job, job.cut, job.coefficients) for job in nn_jobs], core)


def _compile_nn_job(job: NNJob, core: NpuCore, stored: StoredCoefficients | None) -> CompiledNNJob:
    cut = cut_job(job, core)
    if stored is not None:
        coefficients = stored.take(job, cut, core)
    elif isinstance(job, MesaJob):
        coefficients = encode_as_mesa(job, core, cut.superblock_kernels)
    else:
        coefficients = encode_coefficients(job, core, cut.superblock_kernels)
    return CompiledNNJob(job, cut, coefficients, cache_job(job, cut, core, coefficients.cached_bytes))
