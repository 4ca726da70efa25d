"""The NNAPI frontend: the Neural Networks API, shaped in Python and exported in C, over npu_hal.

Names and rules are those of the public Neural Networks API specification; failures are `NnapiError` with the result
code that the specification gives.
"""

from npu_hal_nnapi.burst import Burst
from npu_hal_nnapi.codes import (
    DeviceTypeCode,
    DurationCode,
    FeatureLevel,
    FuseCode,
    OperandCode,
    OperationCode,
    PaddingCode,
    PreferenceCode,
    PriorityCode,
    ResultCode,
)
from npu_hal_nnapi.compilation import Compilation
from npu_hal_nnapi.device_memory import DeviceMemory, MemoryDesc
from npu_hal_nnapi.devices import Device, devices, supported_operations
from npu_hal_nnapi.errors import NnapiError
from npu_hal_nnapi.event import Event, FenceEvent
from npu_hal_nnapi.execution import Execution
from npu_hal_nnapi.library import library_folder
from npu_hal_nnapi.memory import PROT_READ, PROT_WRITE, MappedMemory, Memory, copy_memory
from npu_hal_nnapi.model import Model
from npu_hal_nnapi.operand import OperandType

__all__ = [
    "PROT_READ",
    "PROT_WRITE",
    "Burst",
    "Compilation",
    "Device",
    "DeviceMemory",
    "DeviceTypeCode",
    "DurationCode",
    "Event",
    "Execution",
    "FeatureLevel",
    "FenceEvent",
    "FuseCode",
    "MappedMemory",
    "Memory",
    "MemoryDesc",
    "Model",
    "NnapiError",
    "OperandCode",
    "OperandType",
    "OperationCode",
    "PaddingCode",
    "PreferenceCode",
    "PriorityCode",
    "ResultCode",
    "copy_memory",
    "devices",
    "library_folder",
    "supported_operations",
]
