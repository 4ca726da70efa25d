"""A benchmark: contenders in processes of their own take turns, so that a busy machine is busy for all of them."""

import json
import statistics
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from types import TracebackType
from typing import Any, Self

from npu_hal.api import NpuHalError
from npu_hal.bench.contender import Contender

WARM_UP_RUNS = 3
_OPERATION_REPEATS = 5


@dataclass(slots=True)
class Result:
    """What a contender achieved with a model; times in seconds.

    `first_seconds` is from the start of its process to the end of its first inference. `operations` are the least times
    of operations' parts, where the contender tells them. With `error` it did not run, and nothing else is known.
    """

    model: str
    contender: str
    description: str = ""
    seconds: list[float] = field(default_factory=list)
    first_seconds: float = 0.0
    peak_bytes: int = 0
    operations: list[dict[str, Any]] = field(default_factory=list)
    error: str = ""

    @property
    def median(self) -> float:
        """The median time of an inference."""
        return statistics.median(self.seconds)

    @property
    def minimum(self) -> float:
        """The least time of an inference."""
        return min(self.seconds)

    @property
    def p90(self) -> float:
        """The time that nine of ten inferences stay below."""
        ordered = sorted(self.seconds)
        return ordered[min(len(ordered) - 1, round(0.9 * (len(ordered) - 1)))]


class Worker:
    """A contender's process."""

    def __init__(self, model: Path, contender: Contender, seed: int) -> None:
        self.result = Result(model.stem, contender.label)
        task = {"model": str(model), "contender": contender.as_data(), "seed": seed}
        started = perf_counter()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "npu_hal.bench.worker", json.dumps(task)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            # Ctrl-C is for this process, which ends the others.
            process_group=0,
        )
        answer = self._read()
        self.result.first_seconds = perf_counter() - started
        self.result.error = answer.get("error", "")
        self.result.description = answer.get("ready", "")

    def run(self, count: int, keep: bool = True) -> None:
        """Run inferences; their times go to the result if they are to be kept."""
        seconds = self._ask({"run": count})["seconds"]
        if keep:
            self.result.seconds.extend(seconds)

    def time_operations(self) -> None:
        """Ask for the times of operations."""
        self.result.operations = self._ask({"operations": _OPERATION_REPEATS})["operations"]

    def finish(self) -> Result:
        """End the process; the result."""
        if not self.result.error:
            self.result.peak_bytes = self._ask({"finish": True})["peak_bytes"]
        self._process.wait()
        return self.result

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()
        self._process.kill()
        self._process.wait()

    def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            pass
        return self._read()

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            code = self._process.wait()
            raise NpuHalError(
                f"{self.result.contender} ended unexpectedly while it ran {self.result.model} (exit code {code}); "
                "npu-hal run with the same driver tells more"
            )
        return dict(json.loads(line))


def measure(
    model: Path,
    contenders: Sequence[Contender],
    runs: int,
    per_operation: bool,
    seed: int,
    progress: Callable[[int], None],
) -> list[Result]:
    """Run `model` `runs` times on each contender in turn; `progress` is told of runs as they are done.

    Raises `NpuHalError` if a contender's process dies; one that only cannot run the model has a result with `error`.
    """
    workers: list[Worker] = []
    try:
        for contender in contenders:
            workers.append(Worker(model, contender, seed))
        able = [worker for worker in workers if not worker.result.error]
        for worker in able:
            worker.run(WARM_UP_RUNS, keep=False)
        for _ in range(runs):
            for worker in able:
                worker.run(1)
                progress(1)
        if per_operation:
            for worker in able:
                worker.time_operations()
        return [worker.finish() for worker in workers]
    finally:
        for worker in workers:
            worker.__exit__(None, None, None)
