"""Spans of compiling a graph, of an inference as it is, and of one in which operations are timed."""

from collections.abc import Iterator, Sequence
from time import perf_counter

from npu_hal.api import Array, Graph, OperationTime, SubgraphReport
from npu_hal.executor import ExecutionStep, GraphExecutor
from npu_hal.multiply_accumulates import multiply_accumulates
from npu_hal.profiling.spans import Span

CALLER = "npu-hal"


def profile_inference(executor: GraphExecutor, inputs: Sequence[Array]) -> list[Span]:
    """Run twice: once as always, once with operations timed, which drivers may do with fewer threads.

    The spans: compiling each step; the first inference, in whose steps calls of `invoke` and `read_outputs` are apart;
    the second, with the operations of the steps whose drivers time them; and where a driver estimates its jobs, those
    beside. Raises what the executor raises.
    """
    spans = list(_compilation(executor))
    started = perf_counter()
    executor.run(inputs)
    seconds = perf_counter() - started
    spans.append(Span(CALLER, "inference", "run", started, seconds))
    for number, step in enumerate(executor.steps):
        spans.extend(_run(number, step))
    started = perf_counter()
    times = executor.profile(inputs)
    seconds = perf_counter() - started
    spans.append(Span(CALLER, "inference with operations timed", "run", started, seconds))
    for number, step in enumerate(executor.steps):
        spans.append(Span(CALLER, _title(number, step), "run", step.run_started, step.run_seconds, _details(step)))
        spans.extend(_operations(executor.graph, step, [time for time in times if time.operation in step.positions]))
        report = step.subgraph.report()
        if report is not None:
            spans.extend(_estimates(step, report))
    return spans


def _operations(graph: Graph, step: ExecutionStep, times: Sequence[OperationTime]) -> Iterator[Span]:
    """The timed parts of operations one after the other, from when the step ran."""
    start = step.run_started
    for time in times:
        operation = graph.operations[time.operation]
        output = graph.tensors[operation.outputs[0]]
        details = {
            "operation": time.operation,
            "part": time.name,
            "output": f"{output.dtype} {list(output.shape)}",
            "MACs": multiply_accumulates(operation, graph.tensors),
        }
        yield Span(f"{step.placement}", f"{time.operation} {operation.kind}", "operation", start, time.seconds, details)
        start += time.seconds


def _compilation(executor: GraphExecutor) -> Iterator[Span]:
    for number, step in enumerate(executor.steps):
        name = f"compile {_title(number, step)}"
        yield Span(CALLER, name, "compile", step.compile_started, step.compile_seconds, _details(step))


def _run(number: int, step: ExecutionStep) -> Iterator[Span]:
    yield Span(CALLER, _title(number, step), "run", step.run_started, step.run_seconds, _details(step))
    yield Span(CALLER, "invoke", "run", step.run_started, step.invoke_seconds)
    reading = step.run_seconds - step.invoke_seconds
    yield Span(CALLER, "read outputs", "run", step.run_started + step.invoke_seconds, reading)


def _estimates(step: ExecutionStep, report: SubgraphReport) -> Iterator[Span]:
    """The driver's estimates one after the other, from when the step ran."""
    start = step.run_started
    for job in report.jobs:
        if job.estimated_seconds is None:
            continue
        details = {
            "operations": [step.positions[operation] for operation in job.operations],
            "estimate": report.estimate,
            "MACs": job.macs,
            "input bytes": job.input_bytes,
            "output bytes": job.output_bytes,
            "coefficient bytes": job.coefficient_bytes,
            **job.details,
        }
        track = f"{step.placement}, estimated"
        yield Span(track, f"{job.unit} {job.name}", "estimate", start, job.estimated_seconds, details)
        start += job.estimated_seconds


def _title(number: int, step: ExecutionStep) -> str:
    return f"step {number}: {step.placement}"


def _details(step: ExecutionStep) -> dict[str, object]:
    return {"operations": list(step.positions), "inputs": len(step.inputs), "outputs": len(step.outputs)}
