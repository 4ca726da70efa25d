"""ANeuralNetworksExecution_* and ANeuralNetworksBurst_*."""

from ctypes import c_bool, c_int32, c_size_t, c_uint32, c_uint64

from npu_hal_nnapi.burst import Burst
from npu_hal_nnapi.c_functions.arguments import addresses, operand_type, optional_buffer, require, store
from npu_hal_nnapi.c_functions.exports import ADDRESS, SIZE, exported, exported_free
from npu_hal_nnapi.c_functions.handles import bursts, compilations, events, executions, memories
from npu_hal_nnapi.codes import ResultCode
from npu_hal_nnapi.errors import NnapiError, bad_data
from npu_hal_nnapi.execution import UNKNOWN_DURATION, Execution


@exported("ANeuralNetworksExecution_create", ADDRESS, ADDRESS)
def _create(compilation: int, execution: int) -> None:
    store(c_size_t, require(execution, "where the execution is to go"), 0)
    store(c_size_t, execution, executions.add(Execution(compilations[compilation])))


exported_free("ANeuralNetworksExecution_free", executions)


@exported("ANeuralNetworksExecution_setInput", ADDRESS, c_int32, ADDRESS, ADDRESS, SIZE)
def _set_input(execution: int, index: int, kind: int, buffer: int, length: int) -> None:
    data = optional_buffer(buffer, length)
    executions[execution].set_bytes("input", index, data, operand_type(kind) if kind else None)


@exported("ANeuralNetworksExecution_setInputFromMemory", ADDRESS, c_int32, ADDRESS, ADDRESS, SIZE, SIZE)
def _set_input_from_memory(execution: int, index: int, kind: int, memory: int, offset: int, length: int) -> None:
    target = executions[execution]
    target.set_input_from_memory(index, memories[memory], offset, length, operand_type(kind) if kind else None)


@exported("ANeuralNetworksExecution_setOutput", ADDRESS, c_int32, ADDRESS, ADDRESS, SIZE)
def _set_output(execution: int, index: int, kind: int, buffer: int, length: int) -> None:
    data = optional_buffer(buffer, length)
    executions[execution].set_bytes("output", index, data, operand_type(kind) if kind else None)


@exported("ANeuralNetworksExecution_setOutputFromMemory", ADDRESS, c_int32, ADDRESS, ADDRESS, SIZE, SIZE)
def _set_output_from_memory(execution: int, index: int, kind: int, memory: int, offset: int, length: int) -> None:
    target = executions[execution]
    target.set_output_from_memory(index, memories[memory], offset, length, operand_type(kind) if kind else None)


@exported("ANeuralNetworksExecution_setMeasureTiming", ADDRESS, c_bool)
def _set_measure_timing(execution: int, measure: bool) -> None:
    executions[execution].set_measure_timing(measure)


@exported("ANeuralNetworksExecution_setTimeout", ADDRESS, c_uint64)
def _set_timeout(execution: int, nanoseconds: int) -> None:
    executions[execution].set_timeout(nanoseconds)


@exported("ANeuralNetworksExecution_setLoopTimeout", ADDRESS, c_uint64)
def _set_loop_timeout(execution: int, nanoseconds: int) -> None:
    executions[execution].set_loop_timeout(nanoseconds)


@exported("ANeuralNetworksExecution_compute", ADDRESS)
def _compute(execution: int) -> None:
    executions[execution].compute()


@exported("ANeuralNetworksExecution_startCompute", ADDRESS, ADDRESS)
def _start_compute(execution: int, event: int) -> None:
    store(c_size_t, require(event, "where the event is to go"), 0)
    store(c_size_t, event, events.add(executions[execution].start_compute()))


@exported("ANeuralNetworksExecution_startComputeWithDependencies", ADDRESS, ADDRESS, c_uint32, c_uint64, ADDRESS)
def _start_compute_with_dependencies(
    execution: int, dependencies: int, count: int, nanoseconds: int, event: int
) -> None:
    store(c_size_t, require(event, "where the event is to go"), 0)
    target = executions[execution]
    waited_for = [events[handle] for handle in addresses(dependencies, count)]
    store(c_size_t, event, events.add(target.start_compute_with_dependencies(waited_for, nanoseconds)))


@exported("ANeuralNetworksExecution_burstCompute", ADDRESS, ADDRESS)
def _burst_compute(execution: int, burst: int) -> None:
    target = executions[execution]
    bursts[burst].compute(target)


@exported("ANeuralNetworksExecution_getDuration", ADDRESS, c_int32, ADDRESS)
def _get_duration(execution: int, code: int, duration: int) -> None:
    target = executions[execution]
    store(c_uint64, require(duration, "where the duration is to go"), UNKNOWN_DURATION)
    store(c_uint64, duration, target.duration(code))


@exported("ANeuralNetworksExecution_getOutputOperandRank", ADDRESS, c_int32, ADDRESS)
def _get_output_rank(execution: int, index: int, rank: int) -> None:
    target = executions[execution]
    require(rank, "where the rank is to go")
    store(c_uint32, rank, len(target.output_dimensions(index)))
    _require_space(target, index)


@exported("ANeuralNetworksExecution_getOutputOperandDimensions", ADDRESS, c_int32, ADDRESS)
def _get_output_dimensions(execution: int, index: int, dimensions: int) -> None:
    target = executions[execution]
    require(dimensions, "where the dimensions are to go")
    found = target.output_dimensions(index)
    if not found:
        raise bad_data(f"output {index} has no dimensions")
    (c_uint32 * len(found)).from_address(dimensions)[:] = list(found)
    _require_space(target, index)


def _require_space(execution: Execution, index: int) -> None:
    if not execution.output_fits(index):
        raise NnapiError(ResultCode.OUTPUT_INSUFFICIENT_SIZE, f"the buffer for output {index} was too small")


@exported("ANeuralNetworksBurst_create", ADDRESS, ADDRESS)
def _create_burst(compilation: int, burst: int) -> None:
    store(c_size_t, require(burst, "where the burst is to go"), 0)
    store(c_size_t, burst, bursts.add(Burst(compilations[compilation])))


exported_free("ANeuralNetworksBurst_free", bursts)
