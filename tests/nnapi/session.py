"""What clients of the C functions do again and again."""

import ctypes
from typing import Any

import numpy as np

from npu_hal_nnapi import OperandCode, OperationCode

from .c_library import Library, indices, operand_type

SHAPE = (2, 3)
BYTES = 24


class Session:
    """Calls that must succeed, with what they make."""

    def __init__(self, nnapi: Library) -> None:
        self.nnapi = nnapi

    def make(self, name: str, *arguments: Any) -> ctypes.c_void_p:
        made = ctypes.c_void_p()
        assert getattr(self.nnapi, name)(*arguments, made) == 0
        return made

    def do(self, name: str, *arguments: Any) -> None:
        assert getattr(self.nnapi, name)(*arguments) == 0

    def device(self, name: bytes) -> ctypes.c_void_p:
        count = ctypes.c_uint32()
        self.do("getDeviceCount", count)
        for index in range(count.value):
            device, found = self.make("getDevice", index), ctypes.c_char_p()
            self.do("Device_getName", device, found)
            if found.value == name:
                return device
        raise AssertionError(f"no device {name!r}")

    def addition(self, dimensions: tuple[int, ...] = SHAPE, is_finished: bool = True) -> ctypes.c_void_p:
        """A model that adds two tensors."""
        model = self.make("Model_create")
        for code in (OperandCode.TENSOR_FLOAT32, OperandCode.TENSOR_FLOAT32, OperandCode.INT32):
            self.do("Model_addOperand", model, operand_type(code, () if code == OperandCode.INT32 else dimensions))
        self.do("Model_addOperand", model, operand_type(OperandCode.TENSOR_FLOAT32, dimensions))
        self.do("Model_setOperandValue", model, 2, ctypes.byref(ctypes.c_int32(0)), 4)
        self.do("Model_addOperation", model, OperationCode.ADD, 3, indices([0, 1, 2]), 1, indices([3]))
        self.do("Model_identifyInputsAndOutputs", model, 2, indices([0, 1]), 1, indices([3]))
        if is_finished:
            self.do("Model_finish", model)
        return model

    def compiled(self, model: ctypes.c_void_p, is_for_cpu: bool = True) -> ctypes.c_void_p:
        if is_for_cpu:
            devices = (ctypes.c_void_p * 1)(self.device(b"software.cpu"))
            compilation = self.make("Compilation_createForDevices", model, devices, 1)
        else:
            compilation = self.make("Compilation_create", model)
        self.do("Compilation_finish", compilation)
        return compilation


class Arrays:
    """Inputs and an output of the addition."""

    def __init__(self) -> None:
        self.a = np.arange(6, dtype=np.float32).reshape(SHAPE)
        self.b = np.full(SHAPE, 0.5, np.float32)
        self.sum = np.zeros(SHAPE, np.float32)

    def give(self, session: Session, execution: ctypes.c_void_p) -> None:
        session.do("Execution_setInput", execution, 0, None, self.a.ctypes.data, BYTES)
        session.do("Execution_setInput", execution, 1, None, self.b.ctypes.data, BYTES)
        session.do("Execution_setOutput", execution, 0, None, self.sum.ctypes.data, BYTES)

    def check(self) -> None:
        np.testing.assert_array_equal(self.sum, self.a + self.b)
