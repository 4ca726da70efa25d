"""The threads of a subgraph: a mailbox for its native code, and helpers that serve it."""

import os
import threading
import weakref

import numpy as np
from numpy.typing import NDArray

from npu_hal_software.jit import messages
from npu_hal_software.jit.compiler import CompiledKernels
from npu_hal_software.jit.mailbox import CONTROL_BYTES, MAILBOX
from npu_hal_software.jit.packing.memory import allocate


class Crew:
    """Runs records with the caller's thread and `helpers` others.

    Helpers are daemon threads that stay inside of one native call, where they spin between inferences that follow each
    other closely and sleep otherwise. They start with the first run. A child of `fork` has none of its parent's
    threads: there, everything starts afresh, the lock too, which a thread of the parent may have held.

    `lock` is for callers, who take turns.
    """

    def __init__(self, kernels: CompiledKernels, records: NDArray[np.int64], helpers: int) -> None:
        self._kernels = kernels
        self._records = records
        self._helpers = helpers
        self._threads: list[threading.Thread] = []
        self._reset()
        _crews.add(self)

    def run(self, clock: int = 0) -> None:
        """Run the records once; `clock` is 0 or the address of an int64 array for ticks before each and at the end.

        A thread that the system does not give is done without.
        """
        if len(self._threads) != self._helpers:
            self._start()
        self._kernels.run(self._mailbox_address, clock)

    def close(self) -> None:
        """Let the helpers end, and wait for them."""
        if self._threads:
            self._set("stop", 1)
            self._set("helpers", 0)
            self._wake()
            for thread in self._threads:
                thread.join()
        self._threads = []
        self._helpers = 0

    def _reset(self) -> None:
        count = len(self._records)
        self.lock = threading.Lock()
        self._threads = []
        # A helper of this process may outlive the crew's last reference; it keeps its own to both.
        self._control = allocate(CONTROL_BYTES * count)
        self._mailbox = allocate(MAILBOX.size)
        self._mailbox_address = self._mailbox.ctypes.data
        self._set("records", self._records.ctypes.data)
        self._set("count", count)
        self._set("control", self._control.ctypes.data)

    def _set(self, field: str, value: int) -> None:
        start = MAILBOX.offset(field)
        self._mailbox[start : start + 8].view(np.int64)[0] = value

    def _start(self) -> None:
        serve = self._kernels.serve
        address = self._mailbox_address
        keep_alive = (self._mailbox, self._control, self._records, self._kernels)
        for number in range(len(self._threads), self._helpers):
            thread = threading.Thread(
                target=_serve, args=(serve, address, keep_alive), name=f"npu-hal-helper-{number}", daemon=True
            )
            try:
                thread.start()
            except RuntimeError as error:
                messages.warn("inferences run on %d threads, not %d: %s", number + 1, self._helpers + 1, error)
                self._helpers = number
                break
            self._threads.append(thread)
        self._set("helpers", self._helpers)

    def _wake(self) -> None:
        """Announce a run of no records, so that sleeping helpers look at `stop`."""
        self._set("count", 0)
        self._set("helpers", len(self._threads))
        self._kernels.run(self._mailbox_address, 0)


def _serve(serve: object, address: int, keep_alive: object) -> None:
    """A helper's life; `keep_alive` holds the memory that its native call uses."""
    assert callable(serve)
    serve(address)


_crews: "weakref.WeakSet[Crew]" = weakref.WeakSet()


def _after_fork_in_child() -> None:
    for crew in _crews:
        crew._reset()


os.register_at_fork(after_in_child=_after_fork_in_child)
