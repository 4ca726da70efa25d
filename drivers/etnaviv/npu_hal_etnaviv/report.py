"""What a compiled graph is made of, for people and tools."""

from npu_hal.api import JobReport, SubgraphReport
from npu_hal_etnaviv.compiler import CompiledGraph, CompiledNNJob
from npu_hal_etnaviv.hardware.npu_core import NpuCore
from npu_hal_etnaviv.job_geometry.sram_caching import NOT_CACHED, SramCaching
from npu_hal_etnaviv.jobs.image import Image
from npu_hal_etnaviv.jobs.nn_job import KernelForm, NNJob, Size
from npu_hal_etnaviv.jobs.tp_job import TPJob
from npu_hal_etnaviv.placement.lifetime import blocks
from npu_hal_etnaviv.placement.memory_plan import Region
from npu_hal_etnaviv.timing_model import assumptions, multiply_accumulates, nn_seconds, transfer_seconds

NN = "NN"
TP = "TP"
BYTES_PER_BIAS = 4


def compile_report(compiled: CompiledGraph, core: NpuCore) -> SubgraphReport:
    """The report on a compiled graph.

    Sizes in the details are channels x height x width as the job sees them, tiles width x height. Memory is in
    bytes; "scratch without reuse" is what the scratch images would take if none shared memory.
    """
    places = compiled.memory.places
    scratch = {
        block.root: block.size
        for block in blocks(compiled.program)
        if places[next(iter(block.offsets))].region is Region.SCRATCH
    }
    sizes = compiled.memory.sizes
    return SubgraphReport(
        jobs=tuple(
            _nn_job(job, (position,), core) if isinstance(job, CompiledNNJob) else _tp_job(job, (position,), core)
            for job, position in zip(compiled.jobs, compiled.program.positions, strict=True)
        ),
        memory={
            "inputs": sizes[Region.INPUTS],
            "outputs": sizes[Region.OUTPUTS],
            "scratch": sizes[Region.SCRATCH],
            "scratch without reuse": sum(scratch.values()),
            "coefficients": sum(job.coefficients.data.size for job in compiled.jobs if isinstance(job, CompiledNNJob)),
        },
        estimate=assumptions(core),
    )


def _nn_job(compiled: CompiledNNJob, operations: tuple[int, ...], core: NpuCore) -> JobReport:
    job, caching = compiled.job, compiled.caching
    encoded = int(compiled.coefficients.data.size)
    input_bytes, output_bytes = _bytes(job.input_size), _bytes(job.output_size)
    kernel_cache, image_cache = _cached(caching)
    details = {
        "input": _text(job.input_size),
        "output": _text(job.output_size),
        "kernel": f"{job.kernel_height}x{job.kernel_width}",
        "form": KernelForm.DENSE.value if job.form is KernelForm.DENSE else KernelForm.DEPTHWISE.value,
        "tile": f"{compiled.cut.tiling.tile_x}x{compiled.cut.tiling.tile_y}",
        "superblocks": str(compiled.cut.superblocks),
        "kernel cache": str(kernel_cache),
        "image cache": str(image_cache),
    }
    if job.first_pixel:
        details["pooling"] = "first pixel of 2x2"
    return JobReport(
        name=job.output.name,
        unit=NN,
        operations=operations,
        macs=multiply_accumulates(job),
        input_bytes=input_bytes,
        output_bytes=output_bytes,
        raw_coefficient_bytes=_raw_coefficients(job),
        coefficient_bytes=encoded,
        sram_bytes=kernel_cache + image_cache,
        estimated_seconds=nn_seconds(job, input_bytes + output_bytes + encoded, core),
        details=details,
    )


def _raw_coefficients(job: NNJob) -> int:
    """Bytes of weights and biases before coding; zeros that a depthwise kernel gets on V7 are not counted."""
    return int(job.weights.size + BYTES_PER_BIAS * job.bias.size)


def _cached(caching: SramCaching) -> tuple[int, int]:
    """Bytes of on-chip memory that coefficients and image take."""
    kernel = caching.kernel_cache_end - caching.kernel_cache_start
    image = caching.image_cache_end - caching.image_cache_start
    return (
        0 if caching.kernel_mode == NOT_CACHED else kernel,
        0 if caching.image_mode == NOT_CACHED else image,
    )


def _tp_job(job: TPJob, operations: tuple[int, ...], core: NpuCore) -> JobReport:
    return JobReport(
        name=f"{type(job).__name__}: {job.output.name}",
        unit=TP,
        operations=operations,
        input_bytes=job.input.size,
        output_bytes=job.output.size,
        estimated_seconds=transfer_seconds(job.input.size + job.output.size, core),
        details={"input": _shape(job.input), "output": _shape(job.output)},
    )


def _bytes(size: Size) -> int:
    return size.channels * size.height * size.width


def _text(size: Size) -> str:
    return f"{size.channels}x{size.height}x{size.width}"


def _shape(image: Image) -> str:
    return f"{image.channels}x{image.height}x{image.width}"
