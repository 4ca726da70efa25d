"""Bursts: executions of one compilation in quick succession."""

import threading

from npu_hal_nnapi.compilation import Compilation
from npu_hal_nnapi.errors import bad_data, bad_state
from npu_hal_nnapi.execution import Execution


class Burst:
    """Executions of one compilation in quick succession, one at a time."""

    def __init__(self, compilation: Compilation) -> None:
        if not compilation.is_finished:
            raise bad_state("the compilation is not finished; it cannot be executed")
        self._compilation = compilation
        self._lock = threading.Lock()

    def compute(self, execution: Execution) -> None:
        """Run an execution of this burst's compilation, and wait for its end."""
        if execution.compilation is not self._compilation:
            raise bad_data("the execution belongs to another compilation than the burst")
        if not self._lock.acquire(blocking=False):
            raise bad_state("the burst runs another execution at this time")
        try:
            execution.compute()
        finally:
            self._lock.release()
