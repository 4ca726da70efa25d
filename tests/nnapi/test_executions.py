"""Executions through the C functions: their order of calls, events, bursts and answers."""

import ctypes
import os
import threading

from npu_hal_nnapi import OperandCode
from npu_hal_nnapi import ResultCode as R

from .c_library import Library, operand_type
from .session import BYTES, SHAPE, Arrays, Session


def test_an_execution_runs_once(nnapi: Library, session: Session, execution: ctypes.c_void_p, arrays: Arrays) -> None:
    session.do("Execution_compute", execution)
    arrays.check()
    assert nnapi.Execution_compute(execution) == R.BAD_STATE
    assert nnapi.Execution_startCompute(execution, ctypes.c_void_p()) == R.BAD_STATE
    assert nnapi.Execution_setInput(execution, 0, None, arrays.a.ctypes.data, BYTES) == R.BAD_STATE


def test_everything_is_set_once(nnapi: Library, session: Session, compilation: ctypes.c_void_p, arrays: Arrays) -> None:
    execution = session.make("Execution_create", compilation)
    data = arrays.a.ctypes.data
    assert nnapi.Execution_compute(execution) == R.BAD_DATA
    assert nnapi.Execution_setInput(execution, 0, None, data, BYTES - 4) == R.BAD_DATA
    assert nnapi.Execution_setInput(execution, 2, None, data, BYTES) == R.BAD_DATA
    assert nnapi.Execution_setInput(execution, 0, None, None, BYTES) == R.UNEXPECTED_NULL
    wrong = operand_type(OperandCode.TENSOR_FLOAT32, (3, 2))
    assert nnapi.Execution_setInput(execution, 0, wrong, data, BYTES) == R.BAD_DATA
    assert nnapi.Execution_setInput(execution, 0, None, data, BYTES) == 0
    assert nnapi.Execution_setInput(execution, 0, None, data, BYTES) == R.BAD_STATE


def test_answers_come_after_the_execution(nnapi: Library, session: Session, execution: ctypes.c_void_p) -> None:
    rank, sizes, nanoseconds = ctypes.c_uint32(), (ctypes.c_uint32 * 4)(), ctypes.c_uint64()
    assert nnapi.Execution_getOutputOperandRank(execution, 0, rank) == R.BAD_STATE
    assert nnapi.Execution_getDuration(execution, 1, nanoseconds) == R.BAD_STATE
    session.do("Execution_setMeasureTiming", execution, True)
    session.do("Execution_compute", execution)
    session.do("Execution_getOutputOperandRank", execution, 0, rank)
    session.do("Execution_getOutputOperandDimensions", execution, 0, sizes)
    assert (rank.value, tuple(sizes)[:2]) == (2, SHAPE)
    assert nnapi.Execution_getOutputOperandRank(execution, 1, rank) == R.BAD_DATA
    session.do("Execution_getDuration", execution, 1, nanoseconds)
    assert 0 < nanoseconds.value < 10**9
    session.do("Execution_getDuration", execution, 0, nanoseconds)
    assert nanoseconds.value == 2**64 - 1
    assert nnapi.Execution_getDuration(execution, 9, nanoseconds) == R.BAD_DATA


def test_timing_needs_one_chosen_device(nnapi: Library, session: Session) -> None:
    compilation = session.compiled(session.addition(), is_for_cpu=False)
    execution = session.make("Execution_create", compilation)
    assert nnapi.Execution_setMeasureTiming(execution, True) == R.BAD_DATA
    assert nnapi.Execution_setTimeout(execution, 1) == R.BAD_DATA
    assert nnapi.Execution_setLoopTimeout(execution, 1) == 0


def test_dimensions_that_the_execution_gives(nnapi: Library, session: Session, arrays: Arrays) -> None:
    compilation = session.compiled(session.addition((0, 3)))
    kind = operand_type(OperandCode.TENSOR_FLOAT32, SHAPE)
    for size, code in ((BYTES - 4, R.OUTPUT_INSUFFICIENT_SIZE), (BYTES, R.NO_ERROR)):
        execution, sizes = session.make("Execution_create", compilation), (ctypes.c_uint32 * 2)()
        data = arrays.a.ctypes.data, arrays.b.ctypes.data
        assert nnapi.Execution_setInput(execution, 0, None, data[0], BYTES) == R.BAD_DATA
        session.do("Execution_setInput", execution, 0, kind, data[0], BYTES)
        session.do("Execution_setInput", execution, 1, kind, data[1], BYTES)
        session.do("Execution_setOutput", execution, 0, None, arrays.sum.ctypes.data, size)
        assert nnapi.Execution_compute(execution) == code
        assert nnapi.Execution_getOutputOperandDimensions(execution, 0, sizes) == code
        assert tuple(sizes) == SHAPE
    arrays.check()


def test_background_executions(nnapi: Library, session: Session, execution: ctypes.c_void_p, arrays: Arrays) -> None:
    event = session.make("Execution_startCompute", execution)
    session.do("Event_wait", event)
    session.do("Event_wait", event)
    arrays.check()
    assert nnapi.Event_getSyncFenceFd(event, ctypes.c_int()) == R.BAD_DATA
    nnapi.Event_free(event)


def test_an_execution_waits_for_what_it_depends_on(
    nnapi: Library, session: Session, execution: ctypes.c_void_p, arrays: Arrays
) -> None:
    signal = os.eventfd(0)
    fence = session.make("Event_createFromSyncFenceFd", signal)
    events = (ctypes.c_void_p * 1)(fence)
    event = session.make("Execution_startComputeWithDependencies", execution, events, 1, 0)
    assert not arrays.sum.any()
    threading.Timer(0.05, os.eventfd_write, (signal, 1)).start()
    session.do("Event_wait", event)
    arrays.check()
    copied = ctypes.c_int()
    session.do("Event_getSyncFenceFd", fence, copied)
    assert os.eventfd_read(copied.value) == 1
    os.close(copied.value)
    os.close(signal)
    assert nnapi.Event_createFromSyncFenceFd(-1, ctypes.c_void_p()) == R.BAD_DATA


def test_bursts_are_for_their_compilation(
    nnapi: Library, session: Session, execution: ctypes.c_void_p, compilation: ctypes.c_void_p, arrays: Arrays
) -> None:
    other = session.make("Burst_create", session.compiled(session.addition()))
    assert nnapi.Execution_burstCompute(execution, other) == R.BAD_DATA
    burst = session.make("Burst_create", compilation)
    session.do("Execution_burstCompute", execution, burst)
    arrays.check()


def test_what_is_freed_lives_on_for_those_that_use_it(
    nnapi: Library, session: Session, execution: ctypes.c_void_p, compilation: ctypes.c_void_p, arrays: Arrays
) -> None:
    nnapi.Compilation_free(compilation)
    session.do("Execution_compute", execution)
    arrays.check()
