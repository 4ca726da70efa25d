"""The page's tables: reasons, steps and their borders, jobs, operations."""

from npu_hal.api import JobReport
from npu_hal.inspection.figures import show_bytes, show_count, show_seconds, show_share
from npu_hal.inspection.html.markup import Column, link_to_operation, number_anchor, table, text
from npu_hal.inspection.inspection import Inspection, OperationRecord, StepRecord
from npu_hal.inspection.summary import placement_words

# Links to operations in one cell.
MAX_LINKS = 40


def _numbers(*names: str) -> tuple[Column, ...]:
    return tuple(Column(name, "number") for name in names)


REASON_COLUMNS = (Column("reason"), *_numbers("operations", "share of MACs"), Column("which"))
STEP_COLUMNS = (
    *_numbers("step"),
    Column("runs on"),
    *_numbers("operations", "in", "out", "rearranged", "compile", "time"),
)
JOB_COLUMNS = (
    *_numbers("job"),
    Column("unit", "short"),
    Column("makes"),
    *_numbers("for operation", "MACs", "in", "out", "coefficients", "coded", "SRAM", "estimate"),
)
OPERATION_COLUMNS = (
    *_numbers("operation"),
    Column("kind", "short"),
    Column("runs on", "short"),
    Column("output", "short"),
    *_numbers("MACs", "constants", "estimate", "CPU"),
    Column("why not"),
)


def reason_table(inspection: Inspection) -> str:
    """Why operations are not on the device."""
    rows = [
        (
            "",
            (
                text(reason.text),
                str(len(reason.operations)),
                show_share(reason.macs, inspection.macs),
                _links(reason.operations),
            ),
        )
        for reason in inspection.reasons
    ]
    return table(REASON_COLUMNS, rows)


def step_table(inspection: Inspection) -> str:
    """Steps in the order of execution, and what crosses their borders."""
    return table(
        STEP_COLUMNS,
        [(f' id="{number_anchor("step", step.number)}"', _step_cells(step, inspection)) for step in inspection.steps],
    )


def _step_cells(step: StepRecord, inspection: Inspection) -> tuple[str, ...]:
    members = [inspection.operations[position] for position in step.operations]
    if step.on_device:
        time = show_seconds(step.estimated_seconds)
        where = f'<span class="tag on-device">{text(inspection.driver)} {text(inspection.device)}</span>'
        if step.problem:
            where += f"<br>{text(step.problem)}"
    else:
        measured = [operation.measured_seconds for operation in members]
        known = [seconds for seconds in measured if seconds is not None]
        time = show_seconds(sum(known)) if len(known) == len(measured) else "-"
        where = '<span class="tag on-fallback">CPU or TFLite runtime</span>'
    return (
        str(step.number),
        where,
        f"{len(members)}",
        f"{show_bytes(step.input_bytes)} in {len(step.inputs)}",
        f"{show_bytes(step.output_bytes)} in {len(step.outputs)}",
        show_bytes(step.rearranging_bytes) if step.on_device else "",
        show_seconds(step.compile_seconds) if step.on_device else "",
        time,
    )


def job_table(step: StepRecord) -> str:
    """The jobs that the driver made of a partition."""
    report = step.report
    if report is None or not report.jobs:
        return ""
    rows = [("", _job_cells(number, job, step)) for number, job in enumerate(report.jobs)]
    memory = ", ".join(f"{text(name)} {show_bytes(count)}" for name, count in report.memory.items())
    return (
        f"<details{' open' if len(report.jobs) <= 60 else ''}><summary>Step {step.number}: {len(report.jobs)} jobs, "
        f"{show_seconds(step.estimated_seconds)}</summary>"
        + (f'<p class="faint">Device memory: {memory}.</p>' if memory else "")
        + f"{table(JOB_COLUMNS, rows)}</details>"
    )


def _job_cells(number: int, job: JobReport, step: StepRecord) -> tuple[str, ...]:
    details = ", ".join(f"{name} {value}" for name, value in job.details.items())
    return (
        str(number),
        text(job.unit),
        f'{text(job.name, 80)}<br><span class="faint">{text(details)}</span>' if details else text(job.name, 80),
        _links(tuple(step.operations[operation] for operation in job.operations)),
        show_count(job.macs) if job.macs else "",
        show_bytes(job.input_bytes),
        show_bytes(job.output_bytes),
        show_bytes(job.raw_coefficient_bytes) if job.raw_coefficient_bytes else "",
        f"{show_bytes(job.coefficient_bytes)} ({show_share(job.coefficient_bytes, job.raw_coefficient_bytes)})"
        if job.coefficient_bytes
        else "",
        show_bytes(job.sram_bytes) if job.sram_bytes else "",
        show_seconds(job.estimated_seconds),
    )


def operation_table(inspection: Inspection) -> str:
    """Every operation of the model."""
    return table(
        OPERATION_COLUMNS,
        [
            (f' id="{number_anchor("op", operation.position)}"', _operation_cells(operation, inspection))
            for operation in inspection.operations
        ],
    )


def _operation_cells(operation: OperationRecord, inspection: Inspection) -> tuple[str, ...]:
    outputs = [inspection.tensors[index] for index in operation.outputs if index in inspection.tensors]
    shapes = "; ".join(f"{tensor.dtype} {'x'.join(map(str, tensor.shape)) or 'scalar'}" for tensor in outputs)
    where = placement_words(operation.placement, inspection)
    return (
        str(operation.position),
        text(operation.kind),
        f'<span class="tag on-{operation.placement.value}">{text(where)}</span>',
        text(shapes, 120),
        show_count(operation.macs) if operation.macs else "",
        show_bytes(operation.constant_bytes) if operation.constant_bytes else "",
        show_seconds(operation.estimated_seconds) if operation.estimated_seconds is not None else "",
        show_seconds(operation.measured_seconds) if operation.measured_seconds is not None else "",
        text(operation.reason),
    )


def _links(positions: tuple[int, ...]) -> str:
    links = ", ".join(link_to_operation(position) for position in positions[:MAX_LINKS])
    rest = len(positions) - MAX_LINKS
    return f"{links} and {rest} more" if rest > 0 else links
