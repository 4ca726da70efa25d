"""ANeuralNetworksEvent_*."""

from ctypes import c_int, c_size_t

from npu_hal_nnapi.c_functions.arguments import require, store
from npu_hal_nnapi.c_functions.exports import ADDRESS, exported, exported_free
from npu_hal_nnapi.c_functions.handles import events
from npu_hal_nnapi.codes import ResultCode
from npu_hal_nnapi.errors import NnapiError
from npu_hal_nnapi.event import FenceEvent


@exported("ANeuralNetworksEvent_wait", ADDRESS)
def _wait(event: int) -> None:
    code = events[event].wait()
    if code is not ResultCode.NO_ERROR:
        raise NnapiError(code, "the execution that was waited for has failed")


@exported("ANeuralNetworksEvent_createFromSyncFenceFd", c_int, ADDRESS)
def _create_from_sync_fence(descriptor: int, event: int) -> None:
    store(c_size_t, require(event, "where the event is to go"), 0)
    store(c_size_t, event, events.add(FenceEvent(descriptor)))


@exported("ANeuralNetworksEvent_getSyncFenceFd", ADDRESS, ADDRESS)
def _get_sync_fence(event: int, descriptor: int) -> None:
    target = events[event]
    store(c_int, require(descriptor, "where the file descriptor is to go"), -1)
    store(c_int, descriptor, target.sync_fence)


# The caller's buffers may go right after the event, so freeing one waits for the execution.
exported_free("ANeuralNetworksEvent_free", events, lambda event: event.finish())
