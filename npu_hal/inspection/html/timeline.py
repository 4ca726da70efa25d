"""Where the time goes: operations one after the other, as long as they take."""

from collections.abc import Sequence

from npu_hal.inspection.figures import show_seconds
from npu_hal.inspection.html.markup import number_anchor, text
from npu_hal.inspection.inspection import Inspection, OperationRecord, Placement

# The drawing's own unit; it is stretched to the page's width.
WIDTH = 1000.0

Entry = tuple[OperationRecord, float, str]


def draw_timelines(inspection: Inspection) -> str:
    """One strip for the device together with the CPU, and one for the CPU alone, where there are times."""
    cpu: list[Entry] = [
        (operation, operation.measured_seconds, "measured on the CPU")
        for operation in inspection.operations
        if operation.measured_seconds is not None
    ]
    order = [inspection.operations[position] for step in inspection.steps for position in step.operations]
    together = [entry for operation in order if (entry := _together(operation)) is not None]
    if inspection.device_seconds is None:
        together = []
    longest = max(_total(together), _total(cpu))
    if not longest:
        return '<p class="faint">Nothing was timed.</p>'
    strips = []
    if together:
        strips.append(_strip("Device (estimated) and CPU (measured)", together, longest))
    if cpu:
        strips.append(_strip("CPU alone (measured)", cpu, longest))
    return f'<div class="timeline">{"".join(strips)}</div>'


def _together(operation: OperationRecord) -> Entry | None:
    if operation.placement is Placement.DEVICE:
        # An operation that no job is made for costs nothing.
        return operation, operation.estimated_seconds or 0.0, "estimated on the device"
    if operation.measured_seconds is None:
        return None
    return operation, operation.measured_seconds, "measured on the CPU"


def _total(entries: Sequence[Entry]) -> float:
    return sum(seconds for _, seconds, _ in entries)


def _strip(title: str, entries: Sequence[Entry], longest: float) -> str:
    total = _total(entries)
    start, bars = 0.0, []
    for operation, seconds, how in entries:
        width = seconds / longest * WIDTH
        placement = Placement.FALLBACK if how == "measured on the CPU" else operation.placement
        hint = f"{operation.position} {operation.kind}: {show_seconds(seconds)}, {how}"
        if width > 0:
            bars.append(
                f'<a href="#{number_anchor("op", operation.position)}"><title>{text(hint)}</title>'
                f'<rect class="on-{placement.value}" x="{start:.3f}" y="0" width="{width:.3f}" height="32"/></a>'
            )
        start += width
    return (
        f"<p>{text(title)}: <b>{show_seconds(total)}</b></p>"
        f'<svg viewBox="0 0 {WIDTH:.0f} 32" preserveAspectRatio="none" role="img" aria-label="{text(title)}">'
        f"{''.join(bars)}</svg>"
        f'<div class="ends"><span>0</span><span>{show_seconds(longest)}</span></div>'
    )
