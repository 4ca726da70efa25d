"""ANeuralNetworksMemory_* and ANeuralNetworksMemoryDesc_*."""

from ctypes import c_float, c_int, c_size_t, c_uint32

from npu_hal_nnapi.c_functions.arguments import indices, require, store
from npu_hal_nnapi.c_functions.exports import ADDRESS, SIZE, exported, exported_free
from npu_hal_nnapi.c_functions.handles import compilations, descriptions, memories
from npu_hal_nnapi.codes import ResultCode
from npu_hal_nnapi.device_memory import DeviceMemory, MemoryDesc
from npu_hal_nnapi.errors import NnapiError
from npu_hal_nnapi.memory import MappedMemory, copy_memory


@exported("ANeuralNetworksMemory_createFromFd", SIZE, c_int, c_int, SIZE, ADDRESS)
def _create_from_fd(size: int, protection: int, descriptor: int, offset: int, memory: int) -> None:
    store(c_size_t, require(memory, "where the memory is to go"), 0)
    store(c_size_t, memory, memories.add(MappedMemory(size, protection, descriptor, offset)))


@exported("ANeuralNetworksMemory_createFromAHardwareBuffer", ADDRESS, ADDRESS)
def _create_from_hardware_buffer(buffer: int, memory: int) -> None:
    store(c_size_t, require(memory, "where the memory is to go"), 0)
    require(buffer, "the hardware buffer")
    raise NnapiError(ResultCode.UNMAPPABLE, "there are no hardware buffers on this system; use a file descriptor")


@exported("ANeuralNetworksMemory_createFromDesc", ADDRESS, ADDRESS)
def _create_from_desc(desc: int, memory: int) -> None:
    store(c_size_t, require(memory, "where the memory is to go"), 0)
    store(c_size_t, memory, memories.add(DeviceMemory(descriptions[desc])))


@exported("ANeuralNetworksMemory_copy", ADDRESS, ADDRESS)
def _copy(source: int, destination: int) -> None:
    copy_memory(memories[source], memories[destination])


exported_free("ANeuralNetworksMemory_free", memories)


@exported("ANeuralNetworksMemoryDesc_create", ADDRESS)
def _create_desc(desc: int) -> None:
    store(c_size_t, require(desc, "where the description is to go"), descriptions.add(MemoryDesc()))


@exported("ANeuralNetworksMemoryDesc_addInputRole", ADDRESS, ADDRESS, c_uint32, c_float)
def _add_input_role(desc: int, compilation: int, index: int, frequency: float) -> None:
    descriptions[desc].add_input_role(compilations[compilation], index, frequency)


@exported("ANeuralNetworksMemoryDesc_addOutputRole", ADDRESS, ADDRESS, c_uint32, c_float)
def _add_output_role(desc: int, compilation: int, index: int, frequency: float) -> None:
    descriptions[desc].add_output_role(compilations[compilation], index, frequency)


@exported("ANeuralNetworksMemoryDesc_setDimensions", ADDRESS, c_uint32, ADDRESS)
def _set_dimensions(desc: int, rank: int, dimensions: int) -> None:
    descriptions[desc].set_dimensions(indices(dimensions, rank))


@exported("ANeuralNetworksMemoryDesc_finish", ADDRESS)
def _finish_desc(desc: int) -> None:
    descriptions[desc].finish()


exported_free("ANeuralNetworksMemoryDesc_free", descriptions)
