"""libneuralnetworks.so as a C client sees it, through ctypes: prototypes of the public specification."""

import ctypes
from ctypes import (
    POINTER,
    c_bool,
    c_char_p,
    c_float,
    c_int,
    c_int32,
    c_int64,
    c_size_t,
    c_uint8,
    c_uint16,
    c_uint32,
    c_uint64,
    c_void_p,
)
from pathlib import Path
from typing import Any

import npu_hal_nnapi


class OperandType(ctypes.Structure):
    _fields_ = (
        ("type", c_int32),
        ("dimensionCount", c_uint32),
        ("dimensions", POINTER(c_uint32)),
        ("scale", c_float),
        ("zeroPoint", c_int32),
    )


class SymmPerChannelQuantParams(ctypes.Structure):
    _fields_ = (("channelDim", c_uint32), ("scaleCount", c_uint32), ("scales", POINTER(c_float)))


# Handles are opaque pointers.
H, OUT = c_void_p, POINTER(c_void_p)
U32, TYPE = POINTER(c_uint32), POINTER(OperandType)

PROTOTYPES: dict[str, tuple[Any, ...]] = {
    "Memory_createFromFd": (c_size_t, c_int, c_int, c_size_t, OUT),
    "Memory_createFromAHardwareBuffer": (c_void_p, OUT),
    "Memory_createFromDesc": (H, OUT),
    "Memory_copy": (H, H),
    "MemoryDesc_create": (OUT,),
    "MemoryDesc_addInputRole": (H, H, c_uint32, c_float),
    "MemoryDesc_addOutputRole": (H, H, c_uint32, c_float),
    "MemoryDesc_setDimensions": (H, c_uint32, U32),
    "MemoryDesc_finish": (H,),
    "_getDeviceCount": (U32,),
    "_getDevice": (c_uint32, OUT),
    "Device_getName": (H, POINTER(c_char_p)),
    "Device_getType": (H, POINTER(c_int32)),
    "Device_getVersion": (H, POINTER(c_char_p)),
    "Device_getFeatureLevel": (H, POINTER(c_int64)),
    "Device_getExtensionSupport": (H, c_char_p, POINTER(c_bool)),
    "Device_wait": (H,),
    "Model_create": (OUT,),
    "Model_finish": (H,),
    "Model_addOperand": (H, TYPE),
    "Model_setOperandValue": (H, c_int32, c_void_p, c_size_t),
    "Model_setOperandValueFromMemory": (H, c_int32, H, c_size_t, c_size_t),
    "Model_setOperandValueFromModel": (H, c_int32, H),
    "Model_setOperandSymmPerChannelQuantParams": (H, c_int32, POINTER(SymmPerChannelQuantParams)),
    "Model_setOperandExtensionData": (H, c_int32, c_void_p, c_size_t),
    "Model_getExtensionOperandType": (H, c_char_p, c_uint16, POINTER(c_int32)),
    "Model_getExtensionOperationType": (H, c_char_p, c_uint16, POINTER(c_int32)),
    "Model_addOperation": (H, c_int32, c_uint32, U32, c_uint32, U32),
    "Model_identifyInputsAndOutputs": (H, c_uint32, U32, c_uint32, U32),
    "Model_relaxComputationFloat32toFloat16": (H, c_bool),
    "Model_getSupportedOperationsForDevices": (H, OUT, c_uint32, POINTER(c_bool)),
    "Compilation_create": (H, OUT),
    "Compilation_createForDevices": (H, OUT, c_uint32, OUT),
    "Compilation_setPreference": (H, c_int32),
    "Compilation_setPriority": (H, c_int),
    "Compilation_setTimeout": (H, c_uint64),
    "Compilation_setCaching": (H, c_char_p, POINTER(c_uint8)),
    "Compilation_finish": (H,),
    "Execution_create": (H, OUT),
    "Execution_setInput": (H, c_int32, TYPE, c_void_p, c_size_t),
    "Execution_setInputFromMemory": (H, c_int32, TYPE, H, c_size_t, c_size_t),
    "Execution_setOutput": (H, c_int32, TYPE, c_void_p, c_size_t),
    "Execution_setOutputFromMemory": (H, c_int32, TYPE, H, c_size_t, c_size_t),
    "Execution_setMeasureTiming": (H, c_bool),
    "Execution_setTimeout": (H, c_uint64),
    "Execution_setLoopTimeout": (H, c_uint64),
    "Execution_compute": (H,),
    "Execution_startCompute": (H, OUT),
    "Execution_startComputeWithDependencies": (H, OUT, c_uint32, c_uint64, OUT),
    "Execution_burstCompute": (H, H),
    "Execution_getDuration": (H, c_int32, POINTER(c_uint64)),
    "Execution_getOutputOperandRank": (H, c_int32, U32),
    "Execution_getOutputOperandDimensions": (H, c_int32, U32),
    "Burst_create": (H, OUT),
    "Event_wait": (H,),
    "Event_createFromSyncFenceFd": (c_int, OUT),
    "Event_getSyncFenceFd": (H, POINTER(c_int)),
}
FREE = ("Memory", "MemoryDesc", "Model", "Compilation", "Execution", "Burst", "Event")


class Library:
    """The functions, as attributes without their common prefix: ``library.Model_create``."""

    def __init__(self, path: Path) -> None:
        self.handle = ctypes.CDLL(str(path))
        for name, types in PROTOTYPES.items():
            self._declare(name, c_int, types)
        for kind in FREE:
            self._declare(f"{kind}_free", None, (H,))
        for name in ("_getDefaultLoopTimeout", "_getMaximumLoopTimeout"):
            self._declare(name, c_uint64, ())

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(name)

    def _declare(self, name: str, result: Any, types: tuple[Any, ...]) -> None:
        function = getattr(self.handle, f"ANeuralNetworks{name}")
        function.restype, function.argtypes = result, types
        setattr(self, name.removeprefix("_"), function)


def library_path() -> Path | None:
    """Where the library is, None if it was not built."""
    path = Path(npu_hal_nnapi.__file__).with_name("libneuralnetworks.so")
    return path if path.is_file() else None


def indices(values: list[int]) -> Any:
    return (c_uint32 * max(len(values), 1))(*values)


def operand_type(code: int, dimensions: tuple[int, ...] = (), scale: float = 0.0, zero_point: int = 0) -> OperandType:
    array = indices(list(dimensions))
    return OperandType(code, len(dimensions), array, scale, zero_point)
