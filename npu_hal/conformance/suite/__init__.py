"""All conformance tests and their fixtures, for a star import in a driver's repository."""

import pytest

pytest.register_assert_rewrite(
    "npu_hal.conformance.suite.operations",
    "npu_hal.conformance.suite.life_cycle",
    "npu_hal.conformance.suite.errors",
    "npu_hal.conformance.suite.threads",
    "npu_hal.conformance.suite.resources",
)

# Imported after the registration above, or their assertions would fail without saying what they compared.
from npu_hal.conformance.suite.errors import *  # noqa: E402, F403
from npu_hal.conformance.suite.fixtures import (  # noqa: E402
    conformance_device,
    conformance_target,
    supported_case,
)
from npu_hal.conformance.suite.life_cycle import *  # noqa: E402, F403
from npu_hal.conformance.suite.operations import *  # noqa: E402, F403
from npu_hal.conformance.suite.resources import *  # noqa: E402, F403
from npu_hal.conformance.suite.threads import *  # noqa: E402, F403

__all__ = [
    "conformance_device",
    "conformance_target",
    "supported_case",
    *[name for name in dir() if name.startswith("test_")],
]
