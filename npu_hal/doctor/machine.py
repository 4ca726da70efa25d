"""What runs here."""

import os
import platform
import sys
from collections.abc import Iterator

from npu_hal.api import Finding
from npu_hal.doctor.examination import ok, warning


def examine_machine() -> Iterator[Finding]:
    """The operating system, the kernel, Python, and what the process may use."""
    system = f"{platform.system()} {platform.release()} on {platform.machine() or 'an unknown processor'}"
    if platform.system() == "Linux":
        yield ok("kernel", system)
    else:
        yield warning("kernel", system, "npu-hal is made for Linux; NPU drivers find nothing elsewhere")
    yield ok("Python", f"{platform.python_implementation()} {platform.python_version()} at {sys.executable}")
    yield ok("processors", f"{len(os.sched_getaffinity(0))} of {os.cpu_count()} may be used by this process")
