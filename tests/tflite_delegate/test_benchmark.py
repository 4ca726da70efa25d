"""The benchmark of the way from the runtime to a driver and back can be run."""

import json
import subprocess
import sys

from ..packaging.distributions import REPOSITORY


def test_both_contenders_are_measured() -> None:
    benchmark = str(REPOSITORY / "benchmarks" / "bench_delegate.py")
    command = [sys.executable, benchmark, "--json", "--rounds", "2", "--per-round", "10"]
    figures = json.loads(subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout)
    assert figures.keys() == {"delegate, empty kernel", "TensorFlow Lite, RESHAPE"}
    assert all(0 < row["minimum_us"] <= row["median_us"] for row in figures.values())
