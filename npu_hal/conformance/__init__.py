"""The conformance kit: what a driver must do, as tests that any driver's repository can run.

In a driver's repository, one file runs them all::

    # tests/test_conformance.py
    import pytest
    from npu_hal.conformance import Target
    from npu_hal.conformance.suite import *

    @pytest.fixture(scope="session")
    def conformance_target() -> Target:
        return Target("mychip")

``npu-hal conformance mychip`` runs the same tests. They are grouped by capability. What a device refuses, with a
reason in words, is skipped and listed; what it accepts must be right within the tolerance that it declares. Expected
results were recorded from TensorFlow Lite's reference kernels and are part of the package.
"""

from npu_hal.conformance.capability import Capability
from npu_hal.conformance.case import Case, load_cases
from npu_hal.conformance.target import Target

__all__ = ["Capability", "Case", "Target", "load_cases"]
