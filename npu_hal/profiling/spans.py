"""Spans of time on tracks, and the trace event format that viewers read.

The format is described in "Trace Event Format" (Chromium project): complete events, ``"ph": "X"``, with microseconds.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

PROCESS = 1


@dataclass(frozen=True, slots=True)
class Span:
    """Something that took from `start` for `seconds`, by the clock of `time.perf_counter`.

    Spans on the same track nest by time. `details` are shown with a span that is selected.
    """

    track: str
    name: str
    category: str
    start: float
    seconds: float
    details: Mapping[str, Any] = field(default_factory=dict)


def trace_document(title: str, spans: Sequence[Span]) -> dict[str, Any]:
    """The JSON document; time starts with the first span, and tracks are in the order of their first spans."""
    tracks = {track: number for number, track in enumerate(dict.fromkeys(span.track for span in spans), start=1)}
    origin = min((span.start for span in spans), default=0.0)
    events: list[dict[str, Any]] = [_metadata("process_name", 0, {"name": title})]
    for track, number in tracks.items():
        events.append(_metadata("thread_name", number, {"name": track}))
        events.append(_metadata("thread_sort_index", number, {"sort_index": number}))
    events.extend(
        {
            "ph": "X",
            "pid": PROCESS,
            "tid": tracks[span.track],
            "name": span.name,
            "cat": span.category,
            "ts": round((span.start - origin) * 1e6, 3),
            "dur": round(span.seconds * 1e6, 3),
            "args": dict(span.details),
        }
        for span in spans
    )
    return {"displayTimeUnit": "ms", "traceEvents": events}


def _metadata(name: str, track: int, details: Mapping[str, Any]) -> dict[str, Any]:
    return {"ph": "M", "pid": PROCESS, "tid": track, "name": name, "args": dict(details)}
