"""Answers instead of tensors: what goes into a model, and what comes out of it, by task."""

from npu_hal.tasks.catalogue import AUTOMATIC, TASKS, task_named
from npu_hal.tasks.interface import ModelInterface
from npu_hal.tasks.metadata import ModelMetadata, read_metadata
from npu_hal.tasks.task import (
    Job,
    PictureResult,
    Product,
    Result,
    ResultTable,
    SoundResult,
    Task,
    TaskSettings,
    check_settings,
)

__all__ = [
    "AUTOMATIC",
    "TASKS",
    "Job",
    "ModelInterface",
    "ModelMetadata",
    "PictureResult",
    "Product",
    "Result",
    "ResultTable",
    "SoundResult",
    "Task",
    "TaskSettings",
    "check_settings",
    "read_metadata",
    "task_named",
]
