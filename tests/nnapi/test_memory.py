"""Memory through the C functions: mapped, made from descriptions, and given back."""

import ctypes
import os
from pathlib import Path

import numpy as np

from npu_hal_nnapi import OperandCode, OperationCode
from npu_hal_nnapi import ResultCode as R

from .c_library import Library, indices, operand_type
from .session import BYTES, SHAPE, Arrays, Session


def test_memory_is_mapped_as_asked(nnapi: Library, session: Session, descriptor: int) -> None:
    made = ctypes.c_void_p()
    assert nnapi.Memory_createFromFd(0, 3, descriptor, 0, made) == R.BAD_DATA
    assert nnapi.Memory_createFromFd(8192, 3, descriptor, 4, made) == R.BAD_DATA
    assert nnapi.Memory_createFromFd(16, 3, -1, 0, made) == R.UNMAPPABLE
    memory = session.make("Memory_createFromFd", 16, 1, descriptor, 4)
    model = session.addition(is_finished=False)
    assert nnapi.Model_setOperandValueFromMemory(model, 2, memory, 16, 4) == R.BAD_DATA
    assert nnapi.Model_setOperandValueFromMemory(model, 2, memory, 12, 4) == 0


def test_inputs_and_outputs_in_memory(
    nnapi: Library, session: Session, compilation: ctypes.c_void_p, arrays: Arrays, descriptor: int
) -> None:
    os.pwrite(descriptor, arrays.a.tobytes() + arrays.b.tobytes(), 100)
    memory = session.make("Memory_createFromFd", 3 * BYTES, 3, descriptor, 100)
    execution = session.make("Execution_create", compilation)
    session.do("Execution_setInputFromMemory", execution, 0, None, memory, 0, BYTES)
    session.do("Execution_setInputFromMemory", execution, 1, None, memory, BYTES, BYTES)
    assert nnapi.Execution_setOutputFromMemory(execution, 0, None, memory, 2 * BYTES + 1, BYTES) == R.BAD_DATA
    session.do("Execution_setOutputFromMemory", execution, 0, None, memory, 2 * BYTES, BYTES)
    session.do("Execution_compute", execution)
    arrays.sum[...] = np.frombuffer(os.pread(descriptor, BYTES, 100 + 2 * BYTES), np.float32).reshape(SHAPE)
    arrays.check()
    read_only = session.make("Memory_createFromFd", BYTES, 1, descriptor, 0)
    another = session.make("Execution_create", compilation)
    assert nnapi.Execution_setOutputFromMemory(another, 0, None, read_only, 0, BYTES) == R.BAD_DATA


def test_memory_from_a_description(
    nnapi: Library, session: Session, compilation: ctypes.c_void_p, arrays: Arrays, descriptor: int
) -> None:
    desc = session.make("MemoryDesc_create")
    assert nnapi.MemoryDesc_finish(desc) == R.BAD_DATA
    assert nnapi.MemoryDesc_addInputRole(desc, compilation, 2, 1.0) == R.BAD_DATA
    assert nnapi.MemoryDesc_addInputRole(desc, compilation, 0, 0.0) == R.BAD_DATA
    assert nnapi.Memory_createFromDesc(desc, ctypes.c_void_p()) == R.BAD_STATE
    session.do("MemoryDesc_addInputRole", desc, compilation, 0, 1.0)
    assert nnapi.MemoryDesc_addInputRole(desc, compilation, 0, 1.0) == R.BAD_DATA
    session.do("MemoryDesc_addOutputRole", desc, compilation, 0, 0.5)
    assert nnapi.MemoryDesc_setDimensions(desc, 2, indices([3, 2])) == R.BAD_DATA
    session.do("MemoryDesc_setDimensions", desc, 2, indices(list(SHAPE)))
    session.do("MemoryDesc_finish", desc)
    assert nnapi.MemoryDesc_finish(desc) == R.BAD_STATE
    memory = session.make("Memory_createFromDesc", desc)
    shared = session.make("Memory_createFromFd", BYTES, 3, descriptor, 0)
    assert nnapi.Memory_copy(memory, shared) == R.BAD_DATA
    assert nnapi.Model_setOperandValueFromMemory(session.make("Model_create"), 0, memory, 0, 4) == R.BAD_DATA

    first = session.make("Execution_create", compilation)
    assert nnapi.Execution_setInputFromMemory(first, 1, None, memory, 0, 0) == R.BAD_DATA
    assert nnapi.Execution_setInputFromMemory(first, 0, None, memory, 0, BYTES) == R.BAD_DATA
    session.do("Execution_setInputFromMemory", first, 0, None, memory, 0, 0)
    session.do("Execution_setInput", first, 1, None, arrays.b.ctypes.data, BYTES)
    session.do("Execution_setOutput", first, 0, None, arrays.sum.ctypes.data, BYTES)
    assert nnapi.Execution_compute(first) == R.OP_FAILED

    second = session.make("Execution_create", compilation)
    session.do("Execution_setInput", second, 0, None, arrays.a.ctypes.data, BYTES)
    session.do("Execution_setInput", second, 1, None, arrays.b.ctypes.data, BYTES)
    session.do("Execution_setOutputFromMemory", second, 0, None, memory, 0, 0)
    session.do("Execution_compute", second)
    session.do("Memory_copy", memory, shared)
    arrays.sum[...] = np.frombuffer(os.pread(descriptor, BYTES, 0), np.float32).reshape(SHAPE)
    arrays.check()


def test_fifty_models_leave_nothing(nnapi: Library, session: Session) -> None:
    """Models of 4 MB of weights, made, run and freed: the process does not grow by even one of them."""
    size = 1024
    weights = np.ones((size, size), np.float32)

    def run_one() -> None:
        model = session.make("Model_create")
        for sizes in ((1, size), (size, size), (size,)):
            session.do("Model_addOperand", model, operand_type(OperandCode.TENSOR_FLOAT32, sizes))
        session.do("Model_addOperand", model, operand_type(OperandCode.INT32))
        session.do("Model_addOperand", model, operand_type(OperandCode.TENSOR_FLOAT32, (1, size)))
        session.do("Model_setOperandValue", model, 1, weights.ctypes.data, weights.nbytes)
        session.do("Model_setOperandValue", model, 2, weights.ctypes.data, size * 4)
        session.do("Model_setOperandValue", model, 3, ctypes.byref(ctypes.c_int32(0)), 4)
        inputs = indices([0, 1, 2, 3])
        session.do("Model_addOperation", model, OperationCode.FULLY_CONNECTED, 4, inputs, 1, indices([4]))
        session.do("Model_identifyInputsAndOutputs", model, 1, indices([0]), 1, indices([4]))
        session.do("Model_finish", model)
        compilation = session.compiled(model)
        execution = session.make("Execution_create", compilation)
        x, y = np.ones(size, np.float32), np.zeros(size, np.float32)
        session.do("Execution_setInput", execution, 0, None, x.ctypes.data, x.nbytes)
        session.do("Execution_setOutput", execution, 0, None, y.ctypes.data, y.nbytes)
        session.do("Execution_compute", execution)
        assert (y == size + 1).all()
        nnapi.Execution_free(execution)
        nnapi.Compilation_free(compilation)
        nnapi.Model_free(model)

    for _ in range(10):
        run_one()
    before = resident_bytes()
    for _ in range(50):
        run_one()
    assert resident_bytes() - before < weights.nbytes


def resident_bytes() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")
