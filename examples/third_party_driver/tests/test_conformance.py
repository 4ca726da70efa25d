"""The conformance tests of npu-hal on this driver."""

import pytest

from npu_hal.conformance import Target
from npu_hal.conformance.suite import *  # noqa: F403 - every test of the kit is collected here


@pytest.fixture(scope="session")
def conformance_target() -> Target:
    """The driver under test."""
    return Target("example")
