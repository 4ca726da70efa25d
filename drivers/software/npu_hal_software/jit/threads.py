"""Helper threads that join in the native call of an inference."""

import os
import threading
from collections.abc import Callable

Run = Callable[[int, int, int, int, int, int], None]
Arguments = tuple[int, int, int, int, int, int]


class HelperThreads:
    """Threads that wait for an inference, and run the same records as the caller.

    They are daemons that start with the first inference of a process: a child of `fork` has none of its parent's
    threads and starts its own. The records' chunk counters make them optional: an inference completes without a helper
    that the scheduler has not run yet, which then finds nothing left to do; `finish` waits until none is inside of the
    native call.
    """

    def __init__(self, run: Run, count: int) -> None:
        self._run = run
        self._count = count
        self._process = -1
        self._go: list[threading.Semaphore] = []
        self._done = threading.Semaphore(0)
        self._arguments: Arguments | None = None

    def start(self, arguments: Arguments) -> None:
        """Let the helpers run the native call with `arguments`."""
        if self._process != os.getpid():
            self._spawn()
        self._arguments = arguments
        for semaphore in self._go:
            semaphore.release()

    def finish(self) -> None:
        """Wait until every helper has left the native call."""
        for _ in self._go:
            self._done.acquire()

    def close(self) -> None:
        """Let the threads end."""
        if self._process == os.getpid():
            self._arguments = None
            for semaphore in self._go:
                semaphore.release()
        self._go = []
        self._process = -1

    def _spawn(self) -> None:
        self._process = os.getpid()
        self._done = threading.Semaphore(0)
        self._go = [threading.Semaphore(0) for _ in range(self._count)]
        for number, semaphore in enumerate(self._go):
            thread = threading.Thread(
                target=self._serve, args=(semaphore, self._done), name=f"npu-hal-helper-{number}", daemon=True
            )
            thread.start()

    def _serve(self, go: threading.Semaphore, done: threading.Semaphore) -> None:
        while True:
            go.acquire()
            arguments = self._arguments
            if arguments is None:
                return
            self._run(*arguments)
            done.release()
