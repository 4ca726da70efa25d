"""Looking into a model on a device: what is placed where and why, what it costs, and what the driver made of it."""

from npu_hal.inspection.inspect import inspect_model
from npu_hal.inspection.inspection import (
    Inspection,
    OperationRecord,
    Placement,
    Reason,
    StepRecord,
    TensorRecord,
)

__all__ = ["Inspection", "OperationRecord", "Placement", "Reason", "StepRecord", "TensorRecord", "inspect_model"]
