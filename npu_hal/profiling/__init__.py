"""Where the time of an inference goes, as a trace that Perfetto and chrome://tracing show."""

from npu_hal.profiling.profile import profile_inference
from npu_hal.profiling.spans import Span, trace_document

__all__ = ["Span", "profile_inference", "trace_document"]
