"""The process of a contender: ``python -m npu_hal.bench.worker JSON``.

Speaks JSON, a document a line. Says ``{"ready": description}`` after a first inference, or ``{"error": sentence}`` and
ends. Then answers ``{"run": count}`` with ``{"seconds": [...]}``, ``{"operations": repeats}`` with the operations'
times, and ``{"finish": true}`` with ``{"peak_bytes": n}``, and ends.
"""

import json
import resource
import sys
from pathlib import Path
from time import perf_counter
from typing import Any

from npu_hal.api import NpuHalError
from npu_hal.bench.contender import Contender
from npu_hal.bench.runner import Runner, load


def main() -> None:
    """Serve the parent until it says to finish, or goes away."""
    task = json.loads(sys.argv[1])
    # The parent reads what is said; what libraries print on their own must not come in between.
    channel = sys.stdout
    sys.stdout = sys.stderr
    try:
        runner = load(Path(task["model"]), Contender(**task["contender"]), task["seed"])
        runner.run()
    except NpuHalError as error:
        _say(channel, {"error": str(error)})
        return
    except MemoryError:
        _say(channel, {"error": "there is not enough memory for this model"})
        return
    _say(channel, {"ready": runner.description})
    for line in sys.stdin:
        request = json.loads(line)
        _say(channel, _answer(runner, request))
        if "finish" in request:
            return


def _answer(runner: Runner, request: dict[str, Any]) -> dict[str, Any]:
    if "run" in request:
        return {"seconds": [_time(runner) for _ in range(request["run"])]}
    if "operations" in request:
        return {"operations": _fastest([runner.operations() for _ in range(request["operations"])])}
    # Linux counts in KiB.
    return {"peak_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}


def _time(runner: Runner) -> float:
    started = perf_counter()
    runner.run()
    return perf_counter() - started


def _fastest(repeats: list[list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """The least time of each part of an operation over all repeats."""
    if not repeats:
        return []
    return [{**parts[0], "seconds": min(part["seconds"] for part in parts)} for parts in zip(*repeats, strict=True)]


def _say(channel: Any, document: dict[str, Any]) -> None:
    channel.write(json.dumps(document) + "\n")
    channel.flush()


if __name__ == "__main__":
    main()
