"""An inspection in a few sentences and as a JSON document."""

import math
from dataclasses import asdict
from typing import Any

from npu_hal.inspection.figures import show_seconds, show_share
from npu_hal.inspection.inspection import Inspection, Placement


def verdict(inspection: Inspection) -> str:
    """How much of the model the device runs, and what keeps most of the rest from it."""
    total, placed = len(inspection.run_operations), len(inspection.device_operations)
    where = f"{inspection.driver} {inspection.device}"
    if not total:
        return "The model has no operations."
    macs = show_share(inspection.device_macs, inspection.macs)
    if placed == total:
        return f"All {total} operations run on {where}."
    share = f", with {macs} of the multiply-accumulates," if inspection.macs else ""
    sentence = f"{placed} of {total} operations{share} run on {where}"
    if placed:
        sentence += f", in {len(inspection.partitions)} partition{'s' if len(inspection.partitions) > 1 else ''}"
    if not inspection.reasons:
        return f"{sentence}."
    reason = inspection.reasons[0]
    affected = len(reason.operations)
    return f"{sentence}. What keeps the most work from it, {_times(affected)}: {reason.text}."


def _times(count: int) -> str:
    return "for one operation" if count == 1 else f"for {count} operations"


def time_sentence(inspection: Inspection) -> str:
    """Estimated and measured times side by side; empty if there is neither."""
    device, rest, cpu = inspection.device_seconds, inspection.rest_seconds, inspection.cpu_seconds
    parts = []
    if device is not None:
        parts.append(f"{show_seconds(device)} on the device, by its driver's estimate")
    if rest and device is not None:
        parts.append(f"{show_seconds(rest)} for the rest, measured on this machine's CPU")
    if cpu is not None:
        parts.append(f"all operations on this machine's CPU alone: {show_seconds(cpu)}, measured one by one")
    return "; ".join(parts)


def as_document(inspection: Inspection) -> dict[str, Any]:
    """The inspection for JSON; numbers that are not finite are null."""
    document: dict[str, Any] = {
        "model": inspection.model,
        "description": inspection.description,
        "driver": inspection.driver,
        "device": inspection.device,
        "device_description": inspection.device_description,
        "fallback": inspection.fallback,
        "verdict": verdict(inspection),
        "operation_count": len(inspection.run_operations),
        "device_operation_count": len(inspection.device_operations),
        "macs": inspection.macs,
        "device_macs": inspection.device_macs,
        "device_estimated_seconds": inspection.device_seconds,
        "cpu_measured_seconds": inspection.cpu_seconds,
        "rest_measured_seconds": inspection.rest_seconds,
        "inputs": list(inspection.inputs),
        "outputs": list(inspection.outputs),
        "tensors": [asdict(tensor) for tensor in inspection.tensors.values()],
        "operations": [asdict(operation) for operation in inspection.operations],
        "steps": [{**asdict(step), "estimated_seconds": step.estimated_seconds} for step in inspection.steps],
        "reasons": [asdict(reason) for reason in inspection.reasons],
    }
    finite = _finite(document)
    assert isinstance(finite, dict)
    return finite


def placement_words(placement: Placement, inspection: Inspection) -> str:
    """Who runs an operation, in words."""
    if placement is Placement.DEVICE:
        return f"{inspection.driver} {inspection.device}"
    if placement is Placement.FALLBACK:
        return "CPU"
    if placement is Placement.NOBODY:
        return "nobody: its result is known"
    return "TFLite runtime only"


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(entry) for entry in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
