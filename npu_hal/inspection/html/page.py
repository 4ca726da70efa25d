"""The whole page."""

from npu_hal.inspection.figures import show_bytes, show_count, show_seconds, show_share
from npu_hal.inspection.html.drawing import draw_graph
from npu_hal.inspection.html.markup import text
from npu_hal.inspection.html.style import STYLE_SHEET
from npu_hal.inspection.html.tables import job_table, operation_table, reason_table, step_table
from npu_hal.inspection.html.timeline import draw_timelines
from npu_hal.inspection.inspection import Inspection, Placement
from npu_hal.inspection.summary import placement_words, verdict


def render_page(inspection: Inspection) -> str:
    """The inspection as an HTML document that refers to nothing outside of itself."""
    model = text(inspection.model.rpartition("/")[2] or inspection.model)
    where = f"{text(inspection.driver)} {text(inspection.device)}"
    sections = [
        _head(inspection, model, where),
        _section("How much runs where", _shares(inspection)),
        _section("Why not on the device", reason_table(inspection)) if inspection.reasons else "",
        _section("Graph", _legend(inspection) + draw_graph(inspection)),
        _section("Timeline", draw_timelines(inspection) + _assumptions(inspection)),
        _section("Partitions and their borders", _steps(inspection)),
        _jobs(inspection),
        _section("Operations", operation_table(inspection)),
    ]
    # Nothing may be loaded or run, whatever a model's names contain.
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{model} on {where}</title><style>{STYLE_SHEET}</style></head><body>"
        f"{''.join(sections)}</body></html>\n"
    )


def _section(title: str, body: str) -> str:
    return f"<section><h2>{title}</h2>{body}</section>"


def _head(inspection: Inspection, model: str, where: str) -> str:
    constants = sum(tensor.byte_count for tensor in inspection.tensors.values() if tensor.is_constant)
    facts = [
        (show_share(len(inspection.device_operations), len(inspection.run_operations)), "of operations on the device"),
        (show_share(inspection.device_macs, inspection.macs), "of multiply-accumulates on the device"),
        (str(len(inspection.partitions)), "partitions on the device"),
        (show_seconds(inspection.device_seconds), "on the device, estimated"),
        (show_seconds(inspection.rest_seconds), "for the rest on this CPU, measured"),
        (show_seconds(inspection.cpu_seconds), "on this CPU alone, measured"),
        (show_count(inspection.macs), "multiply-accumulates"),
        (show_bytes(constants), "weights and other constants"),
    ]
    cells = "".join(f'<div class="fact"><b>{text(value)}</b><span>{name}</span></div>' for value, name in facts)
    description = f"<p>{text(inspection.description)}</p>" if inspection.description else ""
    return (
        f'<header><h1>{model}</h1><p class="faint">on {where}: {text(inspection.device_description)}</p>{description}'
        f'<p class="verdict">{text(verdict(inspection), 1000)}</p><div class="facts">{cells}</div></header>'
    )


def _shares(inspection: Inspection) -> str:
    operations = dict.fromkeys(Placement, 0)
    macs = dict.fromkeys(Placement, 0)
    for operation in inspection.run_operations:
        operations[operation.placement] += 1
        macs[operation.placement] += operation.macs
    unknown = operations[Placement.RUNTIME]
    note = (
        f'<p class="faint">Operations that npu-hal cannot express ({unknown}) have no known multiply-accumulates.</p>'
        if unknown
        else ""
    )
    return _share("operations", operations) + _share("multiply-accumulates", macs) + note


def _share(name: str, amounts: dict[Placement, int]) -> str:
    total = sum(amounts.values())
    bars = "".join(
        f'<i class="on-{placement.value}" style="flex: {amount / total:.6f}"></i>'
        for placement, amount in amounts.items()
        if amount
    )
    share = show_share(amounts[Placement.DEVICE], total)
    return f'<div class="share"><span>{name}</span><span class="bar">{bars}</span><span>{share}</span></div>'


def _legend(inspection: Inspection) -> str:
    used = [
        place for place in Placement if any(operation.placement is place for operation in inspection.run_operations)
    ]
    left_out = len(inspection.operations) - len(inspection.run_operations)
    note = f" {left_out} operations are not drawn, as nothing is left of them to run." if left_out else ""
    entries = "".join(
        f'<span><i class="on-{place.value}"></i>{text(placement_words(place, inspection))}</span>' for place in used
    )
    return (
        f'<div class="legend">{entries}</div><p class="faint">Thick lines cross the border of a partition: their '
        f"tensors are copied. A click on an operation leads to its row below.{note}</p>"
    )


def _assumptions(inspection: Inspection) -> str:
    estimates = dict.fromkeys(
        step.report.estimate for step in inspection.partitions if step.report is not None and step.report.estimate
    )
    sentences = [f"Times on the device are an estimate: {text(estimate, 1000)}." for estimate in estimates]
    if any(operation.measured_seconds is not None for operation in inspection.operations):
        sentences.append(
            f"Times on the CPU are the shortest of several runs of each operation on its own, by driver "
            f"{text(inspection.fallback or inspection.driver)} on the machine that made this page."
        )
    return "".join(f'<p class="faint">{sentence}</p>' for sentence in sentences)


def _steps(inspection: Inspection) -> str:
    return (
        f'{step_table(inspection)}<p class="faint">In and out are the bytes of the tensors '
        f"that are copied when a partition starts and ends, and their number; rearranged is what the device reads and "
        f"writes besides, in jobs that compute nothing, such as transpositions at the borders. Times of partitions on "
        f"the device are estimates.</p>"
    )


def _jobs(inspection: Inspection) -> str:
    tables = "".join(job_table(step) for step in inspection.partitions)
    return _section("Jobs on the device", tables) if tables else ""
