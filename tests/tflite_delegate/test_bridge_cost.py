"""What the way from the runtime to a driver and back costs."""

import json
import subprocess
import sys

from ..packaging.distributions import REPOSITORY


def test_an_empty_kernel_costs_at_most_5_microseconds() -> None:
    benchmark = str(REPOSITORY / "benchmarks" / "bench_delegate.py")
    command = [sys.executable, benchmark, "--json", "--rounds", "20"]
    figures = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    # The minimum, because a busy machine adds to every other figure.
    assert figures["delegate, empty kernel"]["minimum_us"] <= 5
