"""Events: ends of executions, and fences from elsewhere."""

import os
import select
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from weakref import finalize

from npu_hal_nnapi.codes import ResultCode
from npu_hal_nnapi.errors import bad_data, result_code


class Event(ABC):
    """Something to wait for."""

    @abstractmethod
    def wait(self) -> ResultCode:
        """Wait for the end; what it came to."""

    @abstractmethod
    def finish(self) -> None:
        """Wait until nothing of the caller's is in use any more."""

    @property
    @abstractmethod
    def sync_fence(self) -> int:
        """The file descriptor of a copy of the fence, which is the caller's to close; BAD_DATA if there is none."""


class ExecutionEvent(Event):
    """The end of work that runs in the background from now on."""

    def __init__(self, work: Callable[[], None]) -> None:
        self._result = ResultCode.NO_ERROR
        self._thread = threading.Thread(target=self._run, args=(work,), name="nnapi-execution", daemon=True)
        self._thread.start()

    def wait(self) -> ResultCode:
        """Wait for the end of the work; what it came to."""
        self._thread.join()
        return self._result

    def finish(self) -> None:
        """Wait for the end of the work."""
        self._thread.join()

    @property
    def sync_fence(self) -> int:
        """BAD_DATA: what computes here has no fence of the kernel."""
        raise bad_data("the event of an execution has no sync fence; wait for it")

    def _run(self, work: Callable[[], None]) -> None:
        try:
            work()
        # Whatever a driver raises has to reach the thread that waits.
        except BaseException as error:
            self._result = result_code(error)


class FenceEvent(Event):
    """A fence: a file descriptor that can be read from, as poll tells it, once it is signalled.

    The descriptor is duplicated. Raises `NnapiError` BAD_DATA if it is none.
    """

    def __init__(self, descriptor: int) -> None:
        # The specification takes 0 for a mistake.
        if descriptor <= 0:
            raise bad_data(f"{descriptor} is no file descriptor of a fence")
        try:
            self._descriptor = os.dup(descriptor)
        except OSError as error:
            raise bad_data(f"the fence's file descriptor cannot be duplicated: {error}") from None
        finalize(self, os.close, self._descriptor)

    def wait(self) -> ResultCode:
        """Wait for the signal."""
        poll = select.poll()
        poll.register(self._descriptor, select.POLLIN)
        ((_, events),) = poll.poll()
        return ResultCode.NO_ERROR if events & select.POLLIN else ResultCode.OP_FAILED

    def finish(self) -> None:
        """Nothing of the caller's is in use."""

    @property
    def sync_fence(self) -> int:
        """A duplicate of the descriptor."""
        return os.dup(self._descriptor)
